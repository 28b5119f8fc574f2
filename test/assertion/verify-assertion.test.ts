import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  type AppAttestErrorCode,
  ValidationCategory,
  type VerifyAssertionOptions,
  verifyAssertion,
} from '../../src/index.js';
import { cbor } from '../../src/testing/encoding/cbor.js';
import {
  APP_ID,
  type AssertionChanges,
  assert,
  authenticatorDataHead,
  sha256,
  signedExtensions,
} from '../support/evidence.js';
import { fixture, fromBase64 } from '../support/recordings.js';
import { expectCode } from '../support/rejection.js';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString();

function verify(changes: AssertionChanges = {}, options: Partial<VerifyAssertionOptions> = {}) {
  const valid = { assertion: assert(privateKey, changes), publicKey, payload: 'payload', appId: APP_ID, counter: 0 };
  return verifyAssertion({ ...valid, ...options });
}

describe('a valid assertion', () => {
  it('yields the new counter and the App ID', async () => {
    expect(await verify({ counter: 7 }, { counter: 3 })).toEqual({ counter: 7, appId: APP_ID });
  });

  it('yields the extensions of iOS 27', async () => {
    const extensions = signedExtensions({
      apple_cd_hash_hash_01: new Uint8Array(32).fill(9),
      apple_cd_hash_type_01: Uint8Array.of(2),
    });
    expect(await verify({ flags: 0xc0, extensions })).toEqual({
      counter: 1,
      appId: APP_ID,
      extensions: {
        validationCategory: ValidationCategory.AppStore,
        bundleVersion: '42',
        codeDirectoryHash: new Uint8Array(32).fill(9),
      },
    });
  });

  it('yields no extensions if the flag ED is not set', async () => {
    const changes = { flags: 0x40, extensions: signedExtensions() };
    expect(await verify(changes)).toEqual({ counter: 1, appId: APP_ID });
    const policy = { validationCategories: [ValidationCategory.AppStore] };
    expect(await verify(changes, { policy })).toEqual({ counter: 1, appId: APP_ID });
    await expectCode(() => verify(changes, { policy: { ...policy, whenAbsent: 'reject' } }), 'extension_missing');
  });

  it('becomes invalid if a map at the start of clientDataHash moves to authenticator data, unless 32 bytes of clientDataHash remain', async () => {
    const map = signedExtensions();
    const clientData = Buffer.from('client data in place of its hash');
    for (const rest of [Buffer.concat([clientData, Uint8Array.of(0)]), clientData.subarray(1), Buffer.from('x')]) {
      const authenticatorData = authenticatorDataHead(APP_ID, 0x40, 1);
      const nonce = sha256(authenticatorData, Buffer.concat([map, rest]));
      const signature = new Uint8Array(sign('sha256', nonce, privateKey));
      const verifyAs = (behind: Uint8Array, clientDataHash: Uint8Array) => {
        const data = new Uint8Array(Buffer.concat([authenticatorData, behind]));
        const assertion = cbor({ signature, authenticatorData: data });
        return verifyAssertion({ assertion, publicKey, clientDataHash, appId: APP_ID, counter: 0 });
      };
      expect((await verifyAs(new Uint8Array(), Buffer.concat([map, rest]))).counter).toBe(1);
      // The same bytes are signed, but they are divided differently into authenticator data and clientDataHash.
      const { message } = await expectCode(() => verifyAs(map, rest), 'malformed_assertion');
      expect(message).toBe(
        'authenticator data has an extension map without the flag ED, so the map could be part of the client data',
      );
    }
  });

  it('may be signed for a clientDataHash of more than 64 KiB', async () => {
    const clientDataHash = new Uint8Array(65_537);
    const authenticatorData = authenticatorDataHead(APP_ID, 0x40, 1);
    const signature = new Uint8Array(sign('sha256', sha256(authenticatorData, clientDataHash), privateKey));
    const assertion = cbor({ signature, authenticatorData });
    expect(await verify({}, { assertion, payload: undefined, clientDataHash })).toMatchObject({ counter: 1 });
  });

  it('may have a counter of up to 2^32 - 1', async () => {
    expect((await verify({ counter: 0xffff_ffff }, { counter: 0xffff_fffe })).counter).toBe(0xffff_ffff);
  });

  const variants: readonly [string, AssertionChanges][] = [
    ['with flags 0x40 and no credential data', { flags: 0x40 }],
    ['with flags 0x00', { flags: 0 }],
    ['with the unsigned field cdHash', { object: { cdHash: new Uint8Array(20) } }],
  ];
  it.each(variants)('is accepted %s', async (_, changes) => {
    expect(await verify(changes)).toEqual({ counter: 1, appId: APP_ID });
  });

  const jwk = publicKey.export({ format: 'jwk' });
  const point = Buffer.concat([
    Uint8Array.of(4),
    Buffer.from(jwk.x ?? '', 'base64url'),
    Buffer.from(jwk.y ?? '', 'base64url'),
  ]);
  const keys: readonly [string, string | Uint8Array | KeyObject][] = [
    ['PEM', pem],
    ['PEM with Windows line endings, after an empty line', `\r\n${pem.replaceAll('\n', '\r\n')}`],
    ['SubjectPublicKeyInfo', publicKey.export({ format: 'der', type: 'spki' })],
    ['an uncompressed point of 65 bytes', new Uint8Array(point)],
    ['a KeyObject', publicKey],
  ];
  it.each(keys)('is verified with a key given as %s', async (_, key) => {
    expect((await verify({}, { publicKey: key })).counter).toBe(1);
  });

  it('is verified with the payload as text or bytes, with an empty payload, and with the clientDataHash', async () => {
    const payload = '{"path":"/pay","amount":"9,99 €"}';
    expect((await verify({ payload }, { payload })).counter).toBe(1);
    expect((await verify({ payload }, { payload: Buffer.from(payload) })).counter).toBe(1);
    expect((await verify({ payload: '' }, { payload: '' })).counter).toBe(1);
    expect((await verify({ payload: '' }, { payload: new Uint8Array() })).counter).toBe(1);
    const options = { payload: undefined as never, clientDataHash: sha256(payload) };
    expect((await verify({ payload }, options)).counter).toBe(1);
  });

  it('is accepted as base64 and base64url', async () => {
    const assertion = Buffer.from(assert(privateKey));
    expect((await verify({}, { assertion: assertion.toString('base64') })).counter).toBe(1);
    expect((await verify({}, { assertion: assertion.toString('base64url') })).counter).toBe(1);
  });

  it('stays valid with the signature (r, n - s) instead of (r, s), so the bytes of an assertion are not unique', async () => {
    const recorded = fixture('node-app-attest-assertion');
    const [assertion] = recorded.assertions;
    const bytes = fromBase64(assertion?.object ?? '');
    // The signature in this recording has 71 bytes: 30 45 02 20 r 02 21 00 s.
    const start = Buffer.from(bytes).indexOf(Buffer.from('30450220', 'hex'));
    const r = bytes.subarray(start + 4, start + 36);
    const s = BigInt(`0x${Buffer.from(bytes.subarray(start + 38, start + 71)).toString('hex')}`);
    const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const otherS = Buffer.from((n - s).toString(16).padStart(64, '0'), 'hex');
    expect(otherS[0]).toBeLessThan(0x80);
    const signature = Buffer.concat([Buffer.from('30440220', 'hex'), r, Buffer.from('0220', 'hex'), otherS]);
    const authenticatorData = bytes.subarray(bytes.length - 37);

    const verified = await verifyAssertion({
      assertion: cbor({ signature: new Uint8Array(signature), authenticatorData }),
      publicKey: recorded.publicKey ?? '',
      payload: fromBase64(assertion?.clientData ?? ''),
      appId: recorded.appId,
      counter: 0,
    });
    expect(verified.counter).toBe(1);
  });
});

describe('an assertion', () => {
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const wrong: readonly [string, AssertionChanges, Partial<VerifyAssertionOptions>, AppAttestErrorCode][] = [
    ['another payload', {}, { payload: 'another' }, 'invalid_signature'],
    ['a payload that has an additional space', { payload: '{"a":1}' }, { payload: '{"a": 1}' }, 'invalid_signature'],
    ['another clientDataHash', {}, { payload: undefined as never, clientDataHash: sha256('x') }, 'invalid_signature'],
    ['another public key', {}, { publicKey: stranger.publicKey }, 'invalid_signature'],
    ['an empty signature', { object: { signature: new Uint8Array() } }, {}, 'invalid_signature'],
    ['a signature that is not DER', { object: { signature: new Uint8Array(64).fill(1) } }, {}, 'invalid_signature'],
    ['a signature of 8000 bytes', { object: { signature: new Uint8Array(8000) } }, {}, 'invalid_signature'],
    [
      'a signature in which r and s are 0',
      { object: { signature: Buffer.from('3006020100020100', 'hex') } },
      {},
      'invalid_signature',
    ],
    ['the App ID of another app', { appId: 'TEAMID1234.com.example.other' }, {}, 'app_id_mismatch'],
    ['a counter that equals the stored counter', { counter: 5 }, { counter: 5 }, 'counter_not_increased'],
    ['a counter below the stored counter', { counter: 4 }, { counter: 5 }, 'counter_not_increased'],
    [
      'the highest possible counter if this counter is already stored',
      { counter: 0xffff_ffff },
      { counter: 0xffff_ffff },
      'counter_not_increased',
    ],
    ['the counter 0 if the stored counter is 0', { counter: 0 }, { counter: 0 }, 'counter_not_increased'],
    ['no signature', { object: { signature: undefined } }, {}, 'malformed_assertion'],
    ['text as the signature', { object: { signature: 'text' } }, {}, 'malformed_assertion'],
    ['no authenticator data', { object: { authenticatorData: undefined } }, {}, 'malformed_assertion'],
    [
      'authenticator data of 36 bytes',
      { object: { authenticatorData: new Uint8Array(36) } },
      {},
      'malformed_assertion',
    ],
    ['no extensions although the flag ED is set', { flags: 0xc0 }, {}, 'malformed_assertion'],
    [
      'a byte in place of an extension map if the flag ED is not set',
      { flags: 0x40, extensions: Uint8Array.of(0) },
      {},
      'malformed_assertion',
    ],
    [
      'a byte in place of an extension map if the flag ED is set',
      { extensions: Uint8Array.of(0) },
      {},
      'malformed_assertion',
    ],
    [
      'attested credential data, which belongs to an attestation',
      { extensions: new Uint8Array(127) },
      {},
      'malformed_assertion',
    ],
    ['two extension maps', { extensions: Buffer.concat([cbor({}), cbor({})]) }, {}, 'malformed_assertion'],
  ];
  it.each(wrong)('is rejected with %s', async (_, changes, options, code) => {
    await expectCode(() => verify(changes, options), code);
  });

  it('is rejected if publicKey is not the signing key, even if Object.prototype.key is the signing key', async () => {
    const stored = stranger.publicKey.export({ format: 'pem', type: 'spki' }).toString();
    Object.defineProperty(Object.prototype, 'key', { value: pem, configurable: true });
    try {
      await expectCode(() => verify({}, { publicKey: stored }), 'invalid_signature');
    } finally {
      Reflect.deleteProperty(Object.prototype, 'key');
    }
  });
});

describe('verifyAssertion', () => {
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const offCurve = Buffer.concat([Uint8Array.of(4), new Uint8Array(64).fill(1)]);
  const compressed = Buffer.concat([Uint8Array.of(2), new Uint8Array(32).fill(1)]);
  const spki = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }));
  const point = spki.slice(-65);
  const calls: readonly [string, object][] = [
    ['a missing assertion', { assertion: undefined }],
    ['an object as the assertion', { assertion: {} }],
    ['a payload with half of a surrogate pair', { payload: 'pay\ud800load' }],
    ['a payload that ends in the middle of a surrogate pair', { payload: 'payload\ud83d' }],
    ['options with neither payload nor clientDataHash', { payload: undefined }],
    ['options with both payload and clientDataHash', { clientDataHash: new Uint8Array(32) }],
    ['a parsed JSON object as the payload', { payload: { a: 1 } }],
    ['a missing appId', { appId: undefined }],
    ['a missing counter', { counter: undefined }],
    ['null as the counter', { counter: null }],
    ['NaN as the counter', { counter: Number.NaN }],
    ['text as the counter', { counter: '0' }],
    ['a bigint as the counter', { counter: 0n }],
    ['a negative counter', { counter: -1 }],
    ['a fraction as the counter', { counter: 0.5 }],
    ['a counter of 2^32', { counter: 2 ** 32 }],
    ['a missing key', { publicKey: undefined }],
    ['an empty key', { publicKey: '' }],
    ['text that is not PEM as the key', { publicKey: 'key' }],
    ['a private key in PEM', { publicKey: privateKey.export({ format: 'pem', type: 'pkcs8' }) }],
    ['a private KeyObject', { publicKey: privateKey }],
    ['a key in malformed PEM', { publicKey: '-----BEGIN PUBLIC KEY-----\nAAA\n-----END PUBLIC KEY-----' }],
    ['two PEM keys in one string', { publicKey: pem + pem }],
    ['a key on P-384', { publicKey: p384.publicKey.export({ format: 'pem', type: 'spki' }) }],
    ['a KeyObject on P-384', { publicKey: p384.publicKey }],
    ['an RSA KeyObject', { publicKey: rsa.publicKey }],
    ['a point that is not on the curve', { publicKey: offCurve }],
    ['a compressed point', { publicKey: compressed }],
    ['a point with an unknown first byte', { publicKey: point.with(0, 0x05) }],
    ['a key whose point has an unknown first byte', { publicKey: spki.with(-65, 0x05) }],
    ['a key that names another curve', { publicKey: spki.with(22, 0x08) }],
    ['a point of 66 bytes', { publicKey: Buffer.concat([offCurve, Uint8Array.of(0)]) }],
  ];
  it.each(calls)('rejects %s', async (_, changed) => {
    await expectCode(() => verify({}, changed), 'invalid_argument');
  });

  it.each([undefined, null, 1])('rejects %o instead of an object with options', async (options) => {
    await expectCode(() => verifyAssertion(options as never), 'invalid_argument');
  });

  it('reports the stored counter and the new counter if the new counter is not greater', async () => {
    const error = await expectCode(() => verify({ counter: 4 }, { counter: 5 }), 'counter_not_increased');
    expect(error).toMatchObject({ expected: 'more than 5', actual: '4' });
  });

  it('rejects a private key with an error that does not contain the key', async () => {
    const secret = createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' }));
    const text = secret.export({ format: 'pem', type: 'pkcs8' }).toString();
    const error = await expectCode(() => verify({}, { publicKey: text }), 'invalid_argument');
    const digits = text.split('\n')[1] ?? '';
    expect(digits.length).toBe(64);
    expect(`${error.stack} ${String(error.cause)}`).not.toContain(digits);
    expect(createPublicKey(secret).equals(publicKey)).toBe(true);
  });
});
