import { generateKeyPairSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type AppAttestErrorCode, verifyAssertion, verifyAttestation, verifyReceipt } from '../src/index.js';
import { createAuthority } from './support/certificate-authority.js';
import { memoryInUse } from './support/cost.js';
import { APP_ID, assert, attest } from './support/evidence.js';
import { attestationFixture, attestationOptions } from './support/recordings.js';
import { expectCode } from './support/rejection.js';

const MEGABYTE = 1024 * 1024;

async function genuineAttestation() {
  const { privateKey: _, ...options } = await attest(await createAuthority());
  return options;
}

/**
 * Makes many calls at the same time, and counts how many of them ended with each code, or with a result. Does not keep the
 * errors, because they use memory themselves.
 */
async function outcomes(calls: number, call: () => Promise<unknown>): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const count = (outcome: string): void => {
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  };
  const counted = Array.from({ length: calls }, () =>
    call().then(
      () => count('accepted'),
      (error) => count(String(error.code)),
    ),
  );
  await Promise.all(counted);
  return counts;
}

/** Four verifications run at a time, and 512 wait. On a busy machine, some of the waiting verifications time out. */
function expectTurnedAway(counts: Record<string, number>, code: AppAttestErrorCode, calls: number): void {
  const { [code]: verified = 0, overloaded, ...others } = counts;
  expect(others).toEqual({});
  expect(verified).toBeGreaterThan(0);
  expect(verified).toBeLessThanOrEqual(4 + 512);
  expect(overloaded).toBe(calls - verified);
}

describe('many hostile attestations at the same time', () => {
  it('use little memory, and a genuine attestation is rejected as overloaded within five seconds', async () => {
    const options = await genuineAttestation();
    await verifyAttestation(options);
    const before = memoryInUse();
    const start = performance.now();
    const hostile = outcomes(20_000, () => verifyAttestation({ ...options, challenge: 'wrong' }));
    const { retryAfter } = await expectCode(() => verifyAttestation(options), 'overloaded');
    expect(retryAfter).toBe(1);
    // The engine frees the errors of the rejected calls in several steps.
    const inUse: number[] = [];
    for (let step = 0; step < 3; step += 1) {
      await setImmediate();
      inUse.push(memoryInUse());
    }
    expect((Math.min(...inUse) - before) / MEGABYTE).toBeLessThan(60);
    expect(performance.now() - start).toBeLessThan(5000);

    expectTurnedAway(await hostile, 'nonce_mismatch', 20_000);
    await expect(verifyAttestation(options)).resolves.toMatchObject({ keyId: options.keyId });
  });

  it('do not delay the rejection of attestations that are too long or are not base64', async () => {
    const options = await genuineAttestation();
    const settled = outcomes(1000, () => verifyAttestation({ ...options, challenge: 'wrong' }));
    for (const attestation of ['A'.repeat(1 << 20), new Uint8Array((1 << 16) + 1), 'no base64']) {
      await expectCode(() => verifyAttestation({ ...options, attestation }), 'malformed_attestation');
    }
    expectTurnedAway(await settled, 'nonce_mismatch', 1000);
  });
});

describe('many hostile receipts at the same time', () => {
  it('wait in a queue of their own, which has the same limits as the queue of attestations', async () => {
    const { receipt, appId, environment, publicKey } = await verifyAttestation(
      attestationOptions(attestationFixture('apple-guide-2026')),
    );
    const options = { receipt, appId, environment, publicKey };
    const hostile = outcomes(1000, () => verifyReceipt({ ...options, appId: 'TEAMID1234.com.example.another' }));
    await expectCode(() => verifyReceipt(options), 'overloaded');
    await expectCode(() => verifyReceipt({ ...options, receipt: 'A'.repeat(1 << 20) }), 'malformed_receipt');
    await expect(verifyAttestation(await genuineAttestation())).resolves.toBeDefined();
    expectTurnedAway(await hostile, 'app_id_mismatch', 1000);
    // The receipt has expired. It is rejected as expired only after its signature was verified.
    await expectCode(() => verifyReceipt(options), 'receipt_expired');
  });
});

describe('20,000 hostile assertions at the same time', () => {
  it('do not block other work in the thread pool, and are rejected beyond a limit', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const assertion = assert(privateKey);
    const options = { assertion, publicKey, payload: 'payload', appId: APP_ID, counter: 0 };
    await expect(verifyAssertion(options)).resolves.toMatchObject({ counter: 1 });
    const hostile = outcomes(20_000, () => verifyAssertion({ ...options, payload: 'wrong' }));
    const file = readFile(new URL(import.meta.url)).then(() => 'file');
    const { retryAfter } = await expectCode(() => verifyAssertion(options), 'overloaded');
    expect(retryAfter).toBe(1);
    expect(await Promise.race([file, hostile])).toBe('file');
    const { invalid_signature: verified = 0, overloaded } = await hostile;
    expect(overloaded).toBe(20_000 - verified);
    // The calling thread verifies up to 21, the pool verifies 64 at a time, and 4096 wait.
    expect(verified).toBeGreaterThan(0);
    expect(verified).toBeLessThanOrEqual(21 + 64 + 4096);
    await expect(verifyAssertion(options)).resolves.toMatchObject({ counter: 1 });
  });
});
