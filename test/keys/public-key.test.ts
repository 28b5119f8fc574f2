import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { verifyEcdsa } from '../../src/keys/ecdsa.js';
import {
  assertOnCurve,
  fastestKeyForm,
  type KeyForm,
  pointOfSpki,
  preparePublicKey,
  readPublicKey,
} from '../../src/keys/public-key.js';
import { expectCode } from '../support/rejection.js';

const spkiOf = (publicKey: KeyObject): Uint8Array => {
  return new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }));
};
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const message = Buffer.from('message');
const signature = sign('sha256', message, privateKey);
const spki = spkiOf(publicKey);
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
  it('is the uncompressed point', () => {
    expect(pointOfSpki(spki)).toEqual(spki.slice(POINT));
  });

  it.each([
    ['a hybrid form', spki.with(POINT, 0x06)],
    ['one byte too few', spki.slice(0, -1)],
    ['one byte too many', Uint8Array.of(...spki, 0)],
    ['another curve', spki.with(22, 0x08)],
  ])('is not found in %s', (_, bytes) => {
    expect(pointOfSpki(bytes)).toBeUndefined();
  });
});

const forms: readonly KeyForm[] = ['point', 'pem', 'der'];

describe('a stored key', () => {
  it.each([
    ['an object whose toString returns PEM', { toString: () => pemOf(spki) }],
    ['an array that contains PEM', [pemOf(spki)]],
    ['PEM with one byte too many', pemOf(Uint8Array.of(...spki, 0))],
    ['PEM with a hybrid point', pemOf(spki.with(POINT, 0x06))],
    ['PEM of another curve', pemOf(spki.with(22, 0x08))],
    ['PEM without contents', '-----BEGIN PUBLIC KEY-----\n\n-----END PUBLIC KEY-----\n'],
    ['PEM with non-zero bits before its padding', pemOf(spki).replace(/.==/, 'B==')],
    ['PEM with other characters in its first line', pemOf(spki).replace(/.{28}\n(?=.+==)/, `${'-'.repeat(28)}\n`)],
    ['PEM with other characters in its second line', pemOf(spki).replace(/.{57}(?=.==)/, '-'.repeat(57))],
    ['PEM after other text', `text${pemOf(spki)}`],
    ['PEM before other text', `${pemOf(spki)}text`],
  ])('must not be %s', async (_, publicKey) => {
    await expectCode(async () => readPublicKey(publicKey), 'invalid_argument');
    for (const form of forms) {
      await expectCode(async () => preparePublicKey(publicKey, form), 'invalid_argument');
    }
  });

  it('that cannot be decoded causes an error that lists the accepted forms', async () => {
    const message =
      'publicKey must be a P-256 public key: PEM, SubjectPublicKeyInfo bytes, a 65-byte point or a KeyObject';
    const detached = new Uint8Array(65);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    for (const broken of [detached, pemOf(spki).replace(/.==/, 'B=='), offCurve]) {
      const error = await expectCode(() => readPublicKey(broken), 'invalid_argument');
      expect(error).toMatchObject({ message, cause: expect.any(Error) });
    }
  });

  it.each(forms)('verifies signatures in the form %s', async (form) => {
    for (const key of [publicKey, spki, spki.slice(POINT), pemOf(spki), pemOf(spki).replaceAll('\n', '\r\n')]) {
      const prepared = await preparePublicKey(key, form);
      expect(verifyEcdsa('sha256', message, prepared, signature)).toBe(true);
      expect(verifyEcdsa('sha256', Buffer.from('another'), prepared, signature)).toBe(false);
    }
  });

  it('does not become a KeyObject if the conversion costs more time than it saves', async () => {
    expect(await preparePublicKey(spki, 'pem')).toBe(pemOf(spki));
    expect(await preparePublicKey(pemOf(spki), 'der')).toEqual({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  });

  it('must be on the curve', async () => {
    assertOnCurve(publicKey);
    for (const form of ['pem', 'der'] as const) {
      assertOnCurve(await preparePublicKey(spki, form));
      const key = await preparePublicKey(offCurve, form);
      await expectCode(async () => assertOnCurve(key), 'invalid_argument');
    }
    await expectCode(async () => preparePublicKey(offCurve, 'point'), 'invalid_argument');
  });
});

describe('the fastest form of a stored key', () => {
  it.each([
    ['Node.js 20', { node: '20.20.2', openssl: '3.0.19' }, 'point'],
    ['Node.js 24', { node: '24.21.0', openssl: '3.5.8' }, 'pem'],
    ['Node.js 26', { node: '26.10.0', openssl: '3.5.8' }, 'der'],
    ['Node.js 22 as currently released', { node: '22.23.3', openssl: '3.5.8' }, 'pem'],
    ['a runtime that reports no OpenSSL version', { node: '22.0.0' }, 'pem'],
    ['a runtime that reports an empty version', {}, 'pem'],
    ['a runtime without process.versions', undefined, 'pem'],
  ])('depends on the runtime: %s', (_, versions, form) => {
    expect(fastestKeyForm(versions)).toBe(form);
  });
});
