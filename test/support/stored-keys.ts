import { generateKeyPairSync } from 'node:crypto';
import type { Apple, Key, Keys } from '../../examples/fraud-risk/refresh-key.js';
import { verifyAttestation } from '../../src/index.js';
import type { ReceiptEndpoint, VirtualApple } from '../../src/testing/index.js';
import { APP_ID, sha256 } from './evidence.js';

/** A table of keys in memory. */
export class KeysInMemory implements Keys {
  readonly rows = new Map<string, Key>();

  async find(keyId: string): Promise<Key | undefined> {
    return this.rows.get(keyId);
  }

  async due(date: Date, limit: number): Promise<string[]> {
    const due = [...this.rows.values()].filter(({ receiptDueAt }) => receiptDueAt !== null && receiptDueAt <= date);
    return due.slice(0, limit).map(({ keyId }) => keyId);
  }

  async update(keyId: string, changes: Partial<Key>): Promise<void> {
    const row = this.rows.get(keyId);
    if (row) this.rows.set(keyId, { ...row, ...changes });
  }
}

/** Attests the given number of keys, each on its own device, and stores them as due now. */
export async function attestKeys(apple: VirtualApple, keys: KeysInMemory, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const device = await apple.createDevice({ appId: APP_ID });
    const keyId = await device.generateKey();
    const attestation = await device.attestKey(keyId, sha256('challenge'));
    const { trustAnchors } = apple;
    const { publicKey, appId, environment, receipt } = await verifyAttestation({
      attestation,
      keyId,
      challenge: 'challenge',
      appId: APP_ID,
      trustAnchors,
    });
    keys.rows.set(keyId, { keyId, publicKey, appId, environment, receipt, receiptDueAt: new Date(0) });
  }
}

/** How the examples send requests to the virtual Apple, over HTTP on a loopback address. */
export async function reach(apple: VirtualApple, endpoint: ReceiptEndpoint) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const server = await endpoint.listen();
  const options: Apple = {
    credentials: {
      teamId: 'TEAMID1234',
      keyId: 'ABC123DEFG',
      privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    },
    endpoint: server.url,
    trustAnchors: apple.receiptTrustAnchors,
  };
  return { options, close: () => server.close() };
}
