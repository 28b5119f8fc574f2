import { AppAttestError } from '../../../src/errors.js';
import { createAppAttest } from '../../../src/server/create-app-attest.js';
import { type RefreshReceiptsOptions, signedChallenges } from '../../../src/server/index.js';
import { type Addresses, openStores, type StoreKind } from './store-kinds.js';

/** The configuration of a worker's server. */
export interface WorkerOptions {
  kind: StoreKind;
  addresses: Addresses;
  appId: string;
  trustAnchors: string[];
  /** By default, the default of createAppAttest. */
  receiptTrustAnchors?: string[];
  counterWindow: number;
  /** In seconds. By default, the default of createAppAttest. */
  challengeTtl?: number;
  /** The time limit of the stores, in seconds. By default, the default of the examples. */
  timeout?: number;
  /** If given, challenges are signed with these secrets. */
  secrets?: string[];
  /** By default, the worker caches no keys. */
  keyCache?: { max: number; ttl: number };
  /** The time by which the clock of the worker is ahead, in seconds. Negative if the clock is behind. */
  clockAhead: number;
}

/** A request to a worker. Each request gets one {@link Answer}. */
export interface Call {
  id: number;
  method: 'issueChallenge' | 'register' | 'authenticate' | 'key' | 'refreshReceipts' | 'revoke' | 'forget' | 'bind';
  parameter: unknown;
}

/** The outcome of a call: a result, the code of an `AppAttestError`, or the message of any other error. */
export type Answer = { id: number } & ({ result: unknown } | { refused: string } | { failed: string });

const options: WorkerOptions = JSON.parse(process.argv[2] ?? '');
const { stores } = await openStores(options.kind, options.addresses, options.timeout);
const { secrets } = options;
const backend = createAppAttest({
  appId: options.appId,
  trustAnchors: options.trustAnchors,
  receiptTrustAnchors: options.receiptTrustAnchors,
  counterWindow: options.counterWindow,
  ...(options.challengeTtl !== undefined && { challengeTtl: options.challengeTtl }),
  now: () => new Date(Date.now() + options.clockAhead * 1000),
  keyCache: options.keyCache,
  ...stores,
  ...(secrets && { challenges: signedChallenges({ secrets, used: stores.challenges }) }),
});

process.on('message', async (call: Call) => {
  process.send?.(await answer(call));
});
process.on('disconnect', () => process.exit());
process.send?.('ready');

async function answer({ id, method, parameter }: Call): Promise<Answer> {
  try {
    return { id, result: await perform(method, parameter) };
  } catch (error) {
    if (error instanceof AppAttestError) return { id, refused: error.code };
    return { id, failed: String(error) };
  }
}

/** The options are not checked here, because `refreshReceipts` checks them. */
function isRefresh(parameter: unknown): parameter is RefreshReceiptsOptions {
  return typeof parameter === 'object';
}

async function perform(method: Call['method'], parameter: unknown): Promise<unknown> {
  switch (method) {
    case 'refreshReceipts':
      return isRefresh(parameter) && (await backend.refreshReceipts(parameter));
    case 'issueChallenge':
      return (await backend.issueChallenge({ purpose: parameter === 'attestation' ? parameter : 'assertion' }))
        .challenge;
    case 'register':
      return (await backend.register(parameter)).counter;
    case 'authenticate':
      return (await backend.authenticate(parameter)).key.counter;
    case 'revoke':
      return backend.revoke(String(parameter));
    case 'forget':
      return backend.forget(String(parameter));
    case 'bind':
      return backend.bind(String(parameter), 'alice');
    case 'key':
      return (await backend.key(String(parameter)))?.counter;
  }
}
