import { randomBytes } from 'node:crypto';
import { encodePem } from '../encoding/pem.js';
import type { NewKey } from '../server/stored-key.js';

/** Creates a key with a random identifier and a random receipt. `changes` replaces or adds properties. */
export function newKey(changes: Partial<NewKey> = {}): NewKey {
  return {
    keyId: randomBytes(32).toString('base64'),
    publicKey: encodePem('PUBLIC KEY', randomBytes(91)),
    counter: 0,
    appId: 'TEAMID1234.com.example.app',
    environment: 'production',
    receipt: new Uint8Array(randomBytes(4000)),
    device: {},
    createdAt: new Date(),
    ...changes,
  };
}
