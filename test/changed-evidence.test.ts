import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { verifyAssertion, verifyAttestation, verifyReceipt } from '../src/index.js';
import { createAuthority } from './support/certificate-authority.js';
import { APP_ID, assert, attest, sha256, signedExtensions } from './support/evidence.js';
import { expectCode } from './support/rejection.js';

describe('a change by the caller during a verification', () => {
  const policy = () => ({
    validationCategories: [4],
    bundleVersions: ['42'],
    codeDirectoryHashes: ['09'.repeat(32)],
    whenAbsent: 'reject' as const,
  });
  const extensions = signedExtensions({ apple_cd_hash_hash_01: new Uint8Array(32).fill(9) });

  /** Corrupts everything in a value, recursively: bytes, arrays, dates and objects. */
  function spoil(value: unknown): void {
    if (value instanceof Uint8Array) value.fill(0);
    else if (value instanceof Date) value.setTime(0);
    else if (Array.isArray(value)) {
      value.forEach(spoil);
      value.length = 0;
    } else if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
      for (const [name, entry] of Object.entries(value)) {
        spoil(entry);
        Reflect.set(value, name, undefined);
      }
    }
  }

  it('does not affect an attestation', async () => {
    const { privateKey: _, challenge, ...evidence } = await attest(await createAuthority(), { extensions });
    const appId = [{ teamId: 'TEAMID1234', bundleId: 'com.example.app' }];
    const shared = () => ({
      ...structuredClone(evidence),
      appId,
      environment: ['production' as const],
      policy: policy(),
    });
    for (const options of [
      { ...shared(), appId: structuredClone(appId), challenge: new Uint8Array(Buffer.from(challenge)) },
      { ...shared(), appId: structuredClone(appId), clientDataHash: new Uint8Array(sha256(challenge)) },
    ]) {
      // By default, four attestations are verified at a time. The fifth is decoded when one of them has been verified.
      const waiting = Array.from({ length: 5 }, () => verifyAttestation(options));
      spoil(options);
      for (const verified of await Promise.all(waiting)) {
        expect(verified).toMatchObject({ appId: APP_ID, keyId: evidence.keyId, environment: 'production' });
      }
    }
  });

  it('does not affect an assertion', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const spki = publicKey.export({ format: 'der', type: 'spki' });
    const forms = [spki, spki.subarray(-65), createPublicKey(publicKey.export({ format: 'pem', type: 'spki' }))];
    for (const form of forms) {
      const options = () => ({
        assertion: new Uint8Array(assert(privateKey, { extensions })),
        publicKey: form instanceof Uint8Array ? new Uint8Array(form) : form,
        appId: [APP_ID],
        counter: 0,
        policy: policy(),
      });
      for (const given of [
        { ...options(), payload: new Uint8Array(Buffer.from('payload')) },
        { ...options(), clientDataHash: new Uint8Array(sha256('payload')) },
      ]) {
        // More assertions than the calling thread verifies in one turn of the event loop.
        const waiting = Array.from({ length: 30 }, () => verifyAssertion(given));
        spoil(given);
        for (const verified of await Promise.all(waiting))
          expect(verified).toMatchObject({ counter: 1, appId: APP_ID });
      }
    }
  });
});

describe('bytes of a subclass', () => {
  /** A subclass whose methods do not return what the methods of Uint8Array return. */
  class Aliasing extends Uint8Array {
    override subarray(): never {
      return this.buffer as never;
    }
    override valueOf(): never {
      return new Uint8Array() as never;
    }
  }

  it('are copied too', async () => {
    const extensions = signedExtensions({ apple_bundle_version_01: '42' });
    const { privateKey: _, ...options } = await attest(await createAuthority(), { extensions });
    const bytes = new Aliasing(options.attestation);
    const place = Buffer.from(options.attestation).lastIndexOf('42');
    bytes[place] = 0x39;
    const verification = expectCode(() => verifyAttestation({ ...options, attestation: bytes }), 'nonce_mismatch');
    bytes[place] = 0x34;
    await verification;
    expect((await verifyAttestation({ ...options, attestation: bytes })).extensions?.bundleVersion).toBe('42');
  });
});

describe('bytes of a subclass with false properties', () => {
  class Lying extends Uint8Array {
    override get buffer(): never {
      return new ArrayBuffer(64) as never;
    }
    override get byteOffset(): number {
      return 1;
    }
    override get byteLength(): number {
      return 0;
    }
    override get length(): number {
      return 0;
    }
  }
  const lying = (bytes: Uint8Array) => {
    const copy = new Lying(bytes.length);
    Uint8Array.prototype.set.call(copy, bytes);
    return copy;
  };

  it('are read as they are in memory', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const options = { assertion: assert(privateKey), publicKey, appId: APP_ID, counter: 0 };
    const payload = lying(Buffer.from('payload'));
    expect((await verifyAssertion({ ...options, assertion: lying(options.assertion), payload })).counter).toBe(1);
    const clientDataHash = lying(sha256('payload'));
    expect((await verifyAssertion({ ...options, clientDataHash })).counter).toBe(1);
    const empty = assert(privateKey, { payload: '' });
    await expectCode(() => verifyAssertion({ ...options, assertion: empty, payload }), 'invalid_signature');
  });
});

it('bytes in memory that threads share are read when the call starts', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const shared = (bytes: Uint8Array) => {
    const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
    copy.set(bytes);
    return copy;
  };
  const options = { publicKey, appId: APP_ID, counter: 0 };
  const [payload, assertion] = [shared(Buffer.from('payload')), shared(assert(privateKey))];
  const verification = verifyAssertion({ ...options, payload, assertion });
  payload.fill(0);
  assertion.fill(0);
  expect((await verification).counter).toBe(1);
});

describe.each([
  [
    'was transferred',
    () => {
      const bytes = new Uint8Array(64);
      structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
      return bytes;
    },
  ],
  [
    'has shrunk',
    () => {
      // This code uses Reflect, because the types of ES2023 do not include ArrayBuffer.prototype.resize.
      const buffer: ArrayBuffer = Reflect.construct(ArrayBuffer, [64, { maxByteLength: 64 }]);
      const bytes = new Uint8Array(buffer, 0, 64);
      Reflect.apply(Reflect.get(buffer, 'resize'), buffer, [32]);
      return bytes;
    },
  ],
])('bytes whose memory %s', (_, gone) => {
  it('are rejected as client data, even if client data may be empty', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const options = { assertion: assert(privateKey, { payload: '' }), publicKey, appId: APP_ID, counter: 0 };
    expect((await verifyAssertion({ ...options, payload: new Uint8Array() })).counter).toBe(1);
    await expectCode(() => verifyAssertion({ ...options, payload: gone() }), 'invalid_argument');
    await expectCode(() => verifyAssertion({ ...options, clientDataHash: gone() }), 'invalid_argument');

    const { privateKey: __, challenge: ___, ...attested } = await attest(await createAuthority(), { challenge: '' });
    await expectCode(() => verifyAttestation({ ...attested, challenge: gone() }), 'invalid_argument');
    await expectCode(() => verifyAttestation({ ...attested, clientDataHash: gone() }), 'invalid_argument');
    await expectCode(
      () => verifyReceipt({ receipt: Uint8Array.of(0), appId: APP_ID, challenge: gone() }),
      'invalid_argument',
    );
  });

  it('are rejected as evidence, as a key and as a trust anchor', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const options = { assertion: assert(privateKey, {}), publicKey, payload: 'payload', appId: APP_ID, counter: 0 };
    await expectCode(() => verifyAssertion({ ...options, assertion: gone() }), 'invalid_argument');
    await expectCode(() => verifyAssertion({ ...options, publicKey: gone() }), 'invalid_argument');
    const { privateKey: __, ...attested } = await attest(await createAuthority());
    await expectCode(() => verifyAttestation({ ...attested, attestation: gone() }), 'invalid_argument');
    await expectCode(() => verifyAttestation({ ...attested, trustAnchors: [gone()] }), 'invalid_argument');
    await expectCode(() => verifyReceipt({ receipt: gone(), appId: APP_ID }), 'invalid_argument');
  });
});
