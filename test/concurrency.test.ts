import { generateKeyPairSync } from 'node:crypto';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { verifyAssertion, verifyAttestation } from '../src/index.js';
import * as ecdsa from '../src/keys/ecdsa.js';
import { createAuthority } from './support/certificate-authority.js';
import { APP_ID, assert, attest } from './support/evidence.js';
import { expectCode } from './support/rejection.js';

// These mocks call the real functions and record the calls.
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

const codeOf = (result: PromiseSettledResult<unknown>): unknown => result.status === 'rejected' && result.reason.code;

async function attestation(intermediate = {}) {
  const { privateKey: _, ...options } = await attest(await createAuthority({}, intermediate));
  return options;
}

describe('many calls of verifyAttestation at the same time', () => {
  it('verify the signature of the intermediate only once', async () => {
    const options = await attestation();
    const results = await times(64, () => verifyAttestation(options));
    expect(results.every(({ status }) => status === 'fulfilled')).toBe(true);
    // All calls verify the same leaf, most of them in the pool. The calling thread may verify the leaf of the last call.
    const signatures = inPool.mock.calls.map(([, , , signature]) => Buffer.from(signature).toString('hex'));
    const [leaf, ...others] = [...new Set(signatures)]
      .map((one) => signatures.filter((other) => other === one).length)
      .sort((a, b) => b - a);
    expect(leaf).toBeGreaterThan(1);
    expect(others).toEqual([1]);
  });

  it('all fail if the root did not sign the intermediate, and do not cache the result', async () => {
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

  it('verify no signature with the key of a certificate that is not a CA', async () => {
    const options = await attestation({ ca: false });
    const results = await times(16, () => verifyAttestation(options));
    expect(new Set(results.map(codeOf))).toEqual(new Set(['untrusted_certificate']));
    expect(inPool).not.toHaveBeenCalled();
    expect(here).not.toHaveBeenCalled();
  });

  it('do not share results if they have different trust anchors', async () => {
    const options = await attestation();
    const { root } = await createAuthority();
    const results = await Promise.allSettled([
      verifyAttestation(options),
      verifyAttestation({ ...options, trustAnchors: [root.der] }),
      verifyAttestation({ ...options, trustAnchors: [root.der, ...options.trustAnchors] }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('do not trust a certificate that only another call trusts', async () => {
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
  ])(
    'do not fill the queue of the thread pool: with UV_THREADPOOL_SIZE=%s, at most %i verifications run at a time',
    async (size, few) => {
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
    },
  );

  it.each([
    ['not base64', '?'],
    ['too long', 'A'.repeat(100_000)],
  ])('do not wait for the next turn of the event loop if the evidence is %s', async (_, malformed) => {
    const options = await attestation();
    let turns = 0;
    const count = () => {
      turns += 1;
      next = setImmediate(count);
    };
    let next = setImmediate(count);
    const results = await times(500, () => verifyAttestation({ ...options, attestation: malformed }));
    clearImmediate(next);
    expect(turns).toBe(0);
    expect(new Set(results.map(codeOf))).toEqual(new Set(['malformed_attestation']));
  });
});

describe('a single attestation', () => {
  it('is verified by the calling thread, which verifies at most two attestations per turn of the event loop', async () => {
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

  it('with an invalid signature is rejected by the calling thread', async () => {
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

describe('many assertions at the same time', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const assertion = assert(privateKey, {});
  const options = { assertion, publicKey, payload: 'payload', appId: APP_ID, counter: 0 };

  it('are verified by the calling thread up to a limit, and beyond the limit by the thread pool', async () => {
    const results = await times(64, () => verifyAssertion(options));
    expect(results.every(({ status }) => status === 'fulfilled')).toBe(true);
    expect(here).toHaveBeenCalledTimes(21);
    expect(inPool).toHaveBeenCalledTimes(43);
  });

  it('are all rejected if their signatures are invalid, on the calling thread and in the pool', async () => {
    await new Promise((resolve) => setImmediate(resolve));
    const results = await times(64, () => verifyAssertion({ ...options, payload: 'another' }));
    expect(new Set(results.map(codeOf))).toEqual(new Set(['invalid_signature']));
    expect(inPool.mock.calls.length).toBeGreaterThan(0);
  });
});

describe('a signature that cannot be verified', () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  it.each([
    ['the hash is unknown', 'no-such-hash', publicKey],
    ['the key is malformed', 'sha256', {} as never],
  ])('is reported as invalid on the calling thread and in the pool if %s', async (_, hash, key) => {
    const message = Uint8Array.of(1);
    expect(ecdsa.verifyEcdsa(hash, message, key, message)).toBe(false);
    expect(await ecdsa.verifyEcdsaInPool(hash, message, key, message)).toBe(false);
  });
});
