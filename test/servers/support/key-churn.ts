import { newKey } from '../../../src/conformance/new-key.js';
import type { KeyStore } from '../../../src/server/key-store.js';
import { Random } from '../../support/random.js';
import { openRedisKeys, type RedisKind } from './redis-keys.js';
import type { Addresses } from './store-kinds.js';

/** Options of the process. */
export interface ChurnOptions {
  kind: RedisKind;
  addresses: Addresses;
  prefix: string;
  keyIds: string[];
  users: string[];
  seed: number;
}

const options: ChurnOptions = JSON.parse(process.argv[2] ?? '');
const random = new Random(options.seed);
const { keys } = await openRedisKeys(options.kind, options.addresses, options.prefix);
process.on('disconnect', () => process.exit());
process.send?.('ready');
await Promise.all(Array.from({ length: 8 }, () => churn(keys)));

/** Calls random methods with random keys and users until the process is killed. */
async function churn(store: KeyStore): Promise<void> {
  while (true) {
    const [keyId, subject] = [random.pick(options.keyIds), random.pick(options.users)];
    await random.pick<() => Promise<unknown>>([
      () => store.insert(newKey({ keyId, ...(random.next() < 0.5 && { subject }), receiptDueAt: dueAt() })),
      () => store.insert(newKey({ keyId })),
      () => store.bind(keyId, subject),
      () => store.remove(keyId),
      () => store.remove(keyId, subject),
      () => store.revoke(keyId),
      () => store.revoke(keyId, new Date(), subject),
      () => store.list(subject, { limit: 2 }),
      () => store.saveReceipt(keyId, { receiptDueAt: dueAt() }),
      () => store.saveReceipt(keyId, { receiptDueAt: null }),
      () => store.due(dueAt(), 3, dueAt()),
    ])();
  }
}

function dueAt(): Date {
  return new Date(Date.UTC(2026, 0, 1) + Math.floor(random.between(0, 1_000_000)));
}
