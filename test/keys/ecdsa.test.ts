import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { verifyEcdsa, verifyEcdsaInPool } from '../../src/keys/ecdsa.js';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const message = Buffer.from('message');
const signature = sign('sha256', message, privateKey);
const notAKey = { key: Buffer.from('key'), format: 'der', type: 'spki' } as const;

describe.each([
  ['on the calling thread', verifyEcdsa],
  ['in the thread pool', verifyEcdsaInPool],
])('a signature verified %s', (_, verify) => {
  it('is valid for its own message, and invalid for another message', async () => {
    expect(await verify('sha256', message, publicKey, signature)).toBe(true);
    expect(await verify('sha256', Buffer.from('another'), publicKey, signature)).toBe(false);
  });

  it('is invalid if the hash is unknown or the key cannot be decoded, and no error is thrown', async () => {
    expect(await verify('no such hash', message, publicKey, signature)).toBe(false);
    expect(await verify('sha256', message, notAKey, signature)).toBe(false);
  });
});
