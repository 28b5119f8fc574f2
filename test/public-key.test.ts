import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { assertOnCurve, pointOfSpki, preparePublicKey, readPublicKey } from '../src/public-key.js';
import { expectCode } from './support/rejection.js';

const spkiOf = (publicKey: KeyObject): Uint8Array => {
  return new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }));
};
const spki = spkiOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey);
const POINT = spki.length - 65;
const offCurve = spki.with(-1, (spki.at(-1) ?? 0) ^ 1);
const pemOf = (bytes: Uint8Array): string => {
  const [first, second] =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN PUBLIC KEY-----\n${first}\n${second}\n-----END PUBLIC KEY-----\n`;
};

describe('the point in a SubjectPublicKeyInfo', () => {
  it('is the uncompressed one', () => {
    expect(pointOfSpki(spki)).toEqual(spki.slice(POINT));
  });

  it.each([
    ['a hybrid form', spki.with(POINT, 0x06)],
    ['a byte too few', spki.slice(0, -1)],
    ['a byte too many', Uint8Array.of(...spki, 0)],
    ['another curve', spki.with(22, 0x08)],
  ])('is none in %s', (_, bytes) => {
    expect(pointOfSpki(bytes)).toBeUndefined();
  });
});

describe('a stored key', () => {
  it.each([
    ['an object that writes itself as PEM', { toString: () => pemOf(spki) }],
    ['a list of a PEM', [pemOf(spki)]],
    ['PEM with a byte too many', pemOf(Uint8Array.of(...spki, 0))],
    ['PEM with a hybrid point', pemOf(spki.with(POINT, 0x06))],
    ['PEM that holds nothing', '-----BEGIN PUBLIC KEY-----\n\n-----END PUBLIC KEY-----\n'],
  ])('is not %s', async (_, publicKey) => {
    await expectCode(async () => preparePublicKey(publicKey), 'invalid_argument');
    await expectCode(async () => readPublicKey(publicKey), 'invalid_argument');
  });

  it('is on the curve', async () => {
    assertOnCurve({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    const key = { key: Buffer.from(offCurve), format: 'der', type: 'spki' } as const;
    await expectCode(async () => assertOnCurve(key), 'invalid_argument');
  });
});
