import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { verifyAssertion, verifyAttestation, verifyReceipt } from '../src/index.js';
import * as ecdsa from '../src/keys/ecdsa.js';
import { createAuthority } from './support/certificate-authority.js';
import { APP_ID, assert, attest, sha256, signedExtensions } from './support/evidence.js';
import { expectCode } from './support/rejection.js';

// The functions themselves, counted.
vi.mock('../src/keys/ecdsa.js', async (importOriginal) => {
  const { verifyEcdsa, verifyEcdsaInPool } = await importOriginal<typeof import('../src/keys/ecdsa.js')>();
  return { verifyEcdsa: vi.fn(verifyEcdsa), verifyEcdsaInPool: vi.fn(verifyEcdsaInPool) };
});
const here = vi.mocked(ecdsa.verifyEcdsa);
const inPool = vi.mocked(ecdsa.verifyEcdsaInPool);

beforeEach(() => {
  here.mockClear();
  inPool.mockClear();
});

const times = <Result>(count: number, run: () => Promise<Result>): Promise<PromiseSettledResult<Result>[]> => {
  return Promise.allSettled(Array.from({ length: count }, run));
};

async function attestation(intermediate = {}) {
  const { privateKey: _, ...options } = await attest(await createAuthority({}, intermediate));
  return options;
}

describe('many attestations at once', () => {
  it('verify the signature of the intermediate once', async () => {
    const options = await attestation();
    const results = await times(64, () => verifyAttestation(options));
    expect(results.every(({ status }) => status === 'fulfilled')).toBe(true);
    expect(inPool).toHaveBeenCalledTimes(64 + 1);
  });

  it('all fail where the intermediate is not signed by the root, and nothing of that is remembered', async () => {
    const options = await attestation();
    const { root } = await createAuthority();
    const trustAnchors = [root.der];
    const results = await times(16, () => verifyAttestation({ ...options, trustAnchors }));
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    const calls = inPool.mock.calls.length;
    await expectCode(() => verifyAttestation({ ...options, trustAnchors }), 'untrusted_certificate');
    expect(inPool.mock.calls.length).toBe(calls + 1);
    await verifyAttestation(options);
  });

  it('verify nothing of a certificate that is no CA, whoever signed it', async () => {
    const options = await attestation({ ca: false });
    await expectCode(() => verifyAttestation(options), 'untrusted_certificate');
    expect(inPool).not.toHaveBeenCalled();
  });

  it('do not share what was verified under other roots', async () => {
    const options = await attestation();
    const { root } = await createAuthority();
    const results = await Promise.allSettled([
      verifyAttestation(options),
      verifyAttestation({ ...options, trustAnchors: [root.der] }),
      verifyAttestation({ ...options, trustAnchors: [root.der, ...options.trustAnchors] }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('do not take a certificate that another call trusts for one that they trust', async () => {
    const authority = await createAuthority({}, { pathLength: undefined });
    const { root, intermediate } = authority;
    const x5c = (leaf: Uint8Array, ca: Uint8Array) => [leaf, ca, root.der];
    const { privateKey: _, ...options } = await attest(authority, { x5c });
    const other = await createAuthority();
    const results = await Promise.allSettled([
      verifyAttestation({ ...options, trustAnchors: [root.der, other.root.der] }),
      verifyAttestation({ ...options, trustAnchors: [other.root.der] }),
      verifyAttestation({ ...options, trustAnchors: [intermediate.der] }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  });

  it.each([
    [undefined, 4],
    ['2', 2],
  ])('are verified a few at a time, with UV_THREADPOOL_SIZE=%s %i, so that the pool stays free', async (size, few) => {
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    vi.stubEnv('UV_THREADPOOL_SIZE', size);
    vi.resetModules();
    const { verifyAttestation } = await import('../src/index.js');
    const { verifyEcdsaInPool } = vi.mocked(await import('../src/keys/ecdsa.js'));
    const options = await attestation();
    let underWay = 0;
    let most = 0;
    const verify = verifyEcdsaInPool.getMockImplementation();
    verifyEcdsaInPool.mockImplementation(async (...call) => {
      underWay += 1;
      most = Math.max(most, underWay);
      const isValid = await verify?.(...call);
      underWay -= 1;
      return isValid ?? false;
    });
    await times(64, () => verifyAttestation(options));
    expect(most).toBe(few);
  });

  it('take no turn of the event loop where they cannot be decoded', async () => {
    const options = await attestation();
    let turns = 0;
    const count = () => {
      turns += 1;
      next = setImmediate(count);
    };
    let next = setImmediate(count);
    const results = await times(500, () => verifyAttestation({ ...options, attestation: 'AAAA' }));
    clearImmediate(next);
    expect(turns).toBe(0);
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
  });
});

describe('an attestation that comes alone', () => {
  it('is verified by the calling thread, two in a turn', async () => {
    const options = await attestation();
    await verifyAttestation(options);
    here.mockClear();
    inPool.mockClear();
    let turns = 0;
    const count = () => {
      turns += 1;
      if (turns < 20) setImmediate(count);
    };
    setImmediate(count);
    for (let call = 0; call < 10; call += 1) await verifyAttestation(options);
    expect(here).toHaveBeenCalledTimes(10);
    expect(inPool).not.toHaveBeenCalled();
    expect(turns).toBeGreaterThanOrEqual(4);
  });

  it('is rejected there as well', async () => {
    const authority = await createAuthority();
    const { privateKey: _, ...genuine } = await attest(authority);
    await verifyAttestation(genuine);
    here.mockClear();
    inPool.mockClear();
    const x5c = (leaf: Uint8Array, ca: Uint8Array) => [leaf.with(-1, (leaf.at(-1) ?? 0) ^ 1), ca];
    const { privateKey: __, ...forged } = await attest(authority, { x5c });
    await expectCode(() => verifyAttestation(forged), 'untrusted_certificate');
    expect(here).toHaveBeenCalledTimes(1);
    expect(inPool).not.toHaveBeenCalled();
  });
});

describe('many assertions at once', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const assertion = assert(privateKey, {});
  const options = { assertion, publicKey, payload: 'payload', appId: APP_ID, counter: 0 };

  it('are verified by the calling thread and, beyond what it has time for, by the pool', async () => {
    const results = await times(64, () => verifyAssertion(options));
    expect(results.every(({ status }) => status === 'fulfilled')).toBe(true);
    expect(here).toHaveBeenCalledTimes(21);
    expect(inPool).toHaveBeenCalledTimes(43);
  });

  it('fail one by one, whichever thread verifies them', async () => {
    await new Promise((resolve) => setImmediate(resolve));
    const results = await times(64, () => verifyAssertion({ ...options, payload: 'another' }));
    const codes = results.map((result) => result.status === 'rejected' && result.reason.code);
    expect(new Set(codes)).toEqual(new Set(['invalid_signature']));
    expect(inPool.mock.calls.length).toBeGreaterThan(0);
  });
});

describe('what the caller changes while a verification goes on', () => {
  const policy = () => ({
    validationCategories: [4],
    bundleVersions: ['42'],
    codeDirectoryHashes: ['09'.repeat(32)],
    whenAbsent: 'reject' as const,
  });
  const extensions = signedExtensions({ apple_cd_hash_hash_01: new Uint8Array(32).fill(9) });

  /** Makes everything in a value wrong: bytes, arrays, dates and objects, all the way down. */
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

  it('changes nothing about an attestation', async () => {
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
      // One waits behind four: it is not read before the first is verified.
      const waiting = Array.from({ length: 5 }, () => verifyAttestation(options));
      spoil(options);
      for (const verified of await Promise.all(waiting)) {
        expect(verified).toMatchObject({ appId: APP_ID, keyId: evidence.keyId, environment: 'production' });
      }
    }
  });

  it('changes nothing about an assertion', async () => {
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
        // More than the calling thread has time for in one turn.
        const waiting = Array.from({ length: 30 }, () => verifyAssertion(given));
        spoil(given);
        for (const verified of await Promise.all(waiting))
          expect(verified).toMatchObject({ counter: 1, appId: APP_ID });
      }
    }
  });
});

describe('bytes of a class of their own', () => {
  /** Hands out its own memory where a part is asked for. */
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

describe('bytes of a class that lies about them', () => {
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

  it('are read as they are', async () => {
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

it('bytes that are shared with another thread are read as they are', async () => {
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
    'was handed to another thread',
    () => {
      const bytes = new Uint8Array(64);
      structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
      return bytes;
    },
  ],
  [
    'has shrunk',
    () => {
      // By reflection: the types of ES2023 do not know that buffers can shrink.
      const buffer: ArrayBuffer = Reflect.construct(ArrayBuffer, [64, { maxByteLength: 64 }]);
      const bytes = new Uint8Array(buffer, 0, 64);
      Reflect.apply(Reflect.get(buffer, 'resize'), buffer, [32]);
      return bytes;
    },
  ],
])('bytes whose memory %s', (_, gone) => {
  it('are no client data, not even empty ones', async () => {
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

  it('are no argument', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const options = { assertion: assert(privateKey, {}), publicKey, payload: 'payload', appId: APP_ID, counter: 0 };
    await expectCode(() => verifyAssertion({ ...options, assertion: gone() }), 'invalid_argument');
    await expectCode(() => verifyAssertion({ ...options, publicKey: gone() }), 'invalid_argument');
    const attested = await attestation();
    await expectCode(() => verifyAttestation({ ...attested, attestation: gone() }), 'invalid_argument');
    await expectCode(() => verifyAttestation({ ...attested, trustAnchors: [gone()] }), 'invalid_argument');
    await expectCode(() => verifyReceipt({ receipt: gone(), appId: APP_ID }), 'invalid_argument');
  });
});

describe('a signature that cannot be verified', () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  it.each([
    ['an unknown hash', 'no-such-hash', publicKey],
    ['a key that is none', 'sha256', {} as never],
  ])('is not valid, on either thread: %s', async (_, hash, key) => {
    const message = Uint8Array.of(1);
    expect(ecdsa.verifyEcdsa(hash, message, key, message)).toBe(false);
    expect(await ecdsa.verifyEcdsaInPool(hash, message, key, message)).toBe(false);
  });
});
