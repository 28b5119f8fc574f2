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

describe('the uncompressed point', () => {
  it('is found in a SubjectPublicKeyInfo', () => {
    expect(pointOfSpki(spki)).toEqual(spki.slice(POINT));
  });

  it.each([
    ['a SubjectPublicKeyInfo with a hybrid point', spki.with(POINT, 0x06)],
    ['a SubjectPublicKeyInfo without its last byte', spki.slice(0, -1)],
    ['a SubjectPublicKeyInfo with an additional byte', Uint8Array.of(...spki, 0)],
    ['a SubjectPublicKeyInfo that names another curve', spki.with(22, 0x08)],
  ])('is not found in %s', (_, bytes) => {
    expect(pointOfSpki(bytes)).toBeUndefined();
  });
});

const forms: readonly KeyForm[] = ['point', 'pem', 'der'];

describe('a stored key', () => {
  it.each([
    ['an object whose toString returns PEM', { toString: () => pemOf(spki) }],
    ['an array that contains PEM', [pemOf(spki)]],
    ['PEM of a SubjectPublicKeyInfo with an additional byte', pemOf(Uint8Array.of(...spki, 0))],
    ['PEM with a hybrid point', pemOf(spki.with(POINT, 0x06))],
    ['PEM that names another curve', pemOf(spki.with(22, 0x08))],
    ['PEM without contents', '-----BEGIN PUBLIC KEY-----\n\n-----END PUBLIC KEY-----\n'],
    ['PEM with non-zero bits before its padding', pemOf(spki).replace(/.==/, 'B==')],
    ['PEM with dashes in its first line of base64', pemOf(spki).replace(/.{28}\n(?=.+==)/, `${'-'.repeat(28)}\n`)],
    ['PEM with dashes in its second line of base64', pemOf(spki).replace(/.{57}(?=.==)/, '-'.repeat(57))],
    ['PEM after other text', `text${pemOf(spki)}`],
    ['PEM before other text', `${pemOf(spki)}text`],
  ])('must not be %s', async (_, publicKey) => {
    await expectCode(async () => readPublicKey(publicKey), 'invalid_argument');
    for (const form of forms) {
      await expectCode(async () => preparePublicKey(publicKey, form), 'invalid_argument');
    }
  });

  it('that cannot be read or imported causes an error that lists the accepted forms', async () => {
    const message =
      'publicKey must be a P-256 public key: PEM, SubjectPublicKeyInfo bytes, a 65-byte point or a KeyObject';
    const detached = new Uint8Array(65);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    for (const broken of [detached, pemOf(spki).replace(/.==/, 'B=='), offCurve]) {
      const error = await expectCode(() => readPublicKey(broken), 'invalid_argument');
      expect(error).toMatchObject({ message, cause: expect.any(Error) });
    }
  });

  it.each(forms)('can be converted to the form %s, and then verifies signatures', async (form) => {
    for (const key of [publicKey, spki, spki.slice(POINT), pemOf(spki), pemOf(spki).replaceAll('\n', '\r\n')]) {
      const prepared = await preparePublicKey(key, form);
      expect(verifyEcdsa('sha256', message, prepared, signature)).toBe(true);
      expect(verifyEcdsa('sha256', Buffer.from('another'), prepared, signature)).toBe(false);
    }
  });

  it('is not imported as a KeyObject in the forms pem and der', async () => {
    expect(await preparePublicKey(spki, 'pem')).toBe(pemOf(spki));
    expect(await preparePublicKey(pemOf(spki), 'der')).toEqual({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  });

  it('must be a point on the curve P-256', async () => {
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
    ['Node.js 20', 'point', { node: '20.20.2', openssl: '3.0.19' }],
    ['Node.js 24', 'pem', { node: '24.21.0', openssl: '3.5.8' }],
    ['Node.js 26', 'der', { node: '26.10.0', openssl: '3.5.8' }],
    ['Node.js 22 with OpenSSL 3.5', 'pem', { node: '22.23.3', openssl: '3.5.8' }],
    ['a runtime that reports no OpenSSL version', 'pem', { node: '22.0.0' }],
    ['a runtime that reports no versions', 'pem', {}],
    ['a runtime without process.versions', 'pem', undefined],
  ])('for %s is %s', (_, form, versions) => {
    expect(fastestKeyForm(versions)).toBe(form);
  });
});
