import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { inspectReceipt, verifyAttestation } from 'app-attest';
import { createVirtualApple } from 'app-attest/testing';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  attestationFixture,
  attestationOptions,
  attestationRecordings,
  fromBase64,
  hasVerifiableReceipt,
  recordedReceipts,
  recordings,
} from '../../support/recordings.js';
import { readVectors, VECTORS } from '../../support/wycheproof.js';
import { expectedDifferences, isExpected } from '../expected-differences.js';
import { type Call, fromJson, type Outcome, outcomesOf, toJson } from './calls.js';
import { OLDEST_COMPATIBILITY_DATE } from './compatibility-date.js';
import { bundleWorker, startWorker } from './start-worker.js';

const script = await bundleWorker();
const worker = startWorker(script);
const productionWorker = startWorker(script, { NODE_ENV: 'production' });
const testWorker = startWorker(script, { NODE_ENV: 'test' });
const virtualWorker = startWorker(script, { APP_ATTEST_VIRTUAL: 'allow' });
const oldestWorker = startWorker(script, { NODE_ENV: 'production' }, OLDEST_COMPATIBILITY_DATE);
afterAll(async () => {
  const workers = [worker, productionWorker, testWorker, virtualWorker, oldestWorker];
  await Promise.all(workers.map((miniflare) => miniflare.dispose()));
});

async function outcomesInWorker(calls: readonly Call[], miniflare = worker): Promise<readonly Outcome[]> {
  const response = await miniflare.dispatchFetch('http://worker/', { method: 'POST', body: toJson(calls) });
  return fromJson<Outcome[]>(await response.text());
}

const attestations = attestationRecordings.map((recording) => {
  return { name: recording.name, call: { verifyAttestation: attestationOptions(recording) } };
});

const assertions = await Promise.all(
  recordings.flatMap(({ name, assertions, appId, publicKey: stored }) => {
    return assertions.map(async ({ object, clientData, counter }) => {
      const attestation = attestations.find((candidate) => candidate.name === name)?.call.verifyAttestation;
      const publicKey = stored ?? (attestation && (await verifyAttestation(attestation)).publicKey) ?? '';
      const payload = fromBase64(clientData);
      const options = { assertion: fromBase64(object), publicKey, payload, appId, counter: counter - 1 };
      return { name, call: { verifyAssertion: options } };
    });
  }),
);

/** The receipts that were recorded separately, and those inside attestations. */
const receipts = [
  ...recordedReceipts.map(({ title, receipt, appId, environment }) => {
    const date = new Date(receipt.creationTime);
    return { name: title, call: { verifyReceipt: { receipt: fromBase64(receipt.object), appId, environment, date } } };
  }),
  ...(await Promise.all(
    attestationRecordings.filter(hasVerifiableReceipt).map(async (recording) => {
      const { name } = recording;
      const { receipt, appId, environment, publicKey } = await verifyAttestation(attestationOptions(recording));
      const { creationTime } = await inspectReceipt(receipt);
      if (!creationTime) throw new Error(`the receipt of ${name} has no creation time`);
      return {
        name: `the receipt of ${name}`,
        call: { verifyReceipt: { receipt, appId, environment, publicKey, date: creationTime } },
      };
    }),
  )),
];

function withByte(bytes: Uint8Array, offset: number, change: number): Uint8Array {
  const changed = new Uint8Array(bytes);
  changed[offset] = (changed[offset] ?? 0) ^ change;
  return changed;
}

/** Expects the same result from workerd as from Node for each call. Returns the numbers of accepted and rejected calls. */
async function expectSameOutcomes(
  calls: readonly Call[],
  miniflare = worker,
): Promise<{ accepted: number; rejected: number }> {
  const onNode = await outcomesOf(calls);
  const inWorker = await outcomesInWorker(calls, miniflare);
  expect(inWorker.length).toBe(calls.length);
  // Compares text, because comparing megabytes element by element takes longer than verifying them.
  expect(inWorker.filter((outcome, index) => toJson(outcome) !== toJson(onNode[index]))).toEqual([]);
  const accepted = onNode.filter((outcome) => 'accepted' in outcome).length;
  const rejected = onNode.filter((outcome) => 'rejected' in outcome).length;
  expect(accepted + rejected).toBe(calls.length);
  return { accepted, rejected };
}

describe('a worker in workerd', () => {
  it.each([...attestations, ...assertions, ...receipts])('verifies $name', async ({ call }) => {
    expect(await expectSameOutcomes([call])).toEqual({ accepted: 1, rejected: 0 });
  });

  it('rejects a recorded assertion with the same code as Node, if one bit is flipped', async () => {
    const original = assertions.find(({ name }) => name === 'node-app-attest-assertion')?.call.verifyAssertion;
    if (!original) throw new Error('the fixture is gone');
    const { assertion } = original;
    const calls = Array.from({ length: assertion.length * 8 }, (_, bit) => ({
      verifyAssertion: { ...original, assertion: withByte(assertion, bit >> 3, 1 << (bit & 7)) },
    }));
    expect(await expectSameOutcomes(calls)).toEqual({ accepted: 0, rejected: calls.length });
  });

  it('accepts or rejects a recorded attestation as Node does, if one byte is changed or the attestation is truncated', async () => {
    const original = attestationOptions(attestationFixture('apple-guide-2026'));
    const offsets = Array.from({ length: Math.ceil(original.attestation.length / 5) }, (_, index) => index * 5);
    const changed = offsets.map((offset) => withByte(original.attestation, offset, 1 << (offset & 7)));
    const cut = offsets.map((offset) => original.attestation.subarray(0, offset));
    const { accepted, rejected } = await expectSameOutcomes(
      [...changed, ...cut].map((attestation) => ({ verifyAttestation: { ...original, attestation } })),
    );
    // Changes inside the receipt are accepted, because the verifier does not decode it. The receipt is more than half of the
    // bytes.
    expect(accepted).toBeLessThan(changed.length);
    expect(rejected).toBeGreaterThan(changed.length);
  });

  it('accepts or rejects a recorded receipt as Node does, if one byte is changed', async () => {
    const original = receipts.find(({ name }) => name === 'the receipt of apple-guide-2026')?.call.verifyReceipt;
    if (!original) throw new Error('the fixture is gone');
    const { receipt } = original;
    const offsets = Array.from({ length: Math.ceil(receipt.length / 20) }, (_, index) => index * 20);
    const calls = offsets.map((offset) => ({
      verifyReceipt: { ...original, receipt: withByte(receipt, offset, 1 << (offset & 7)) },
    }));
    // Every receipt contains Apple's own root, and changes in that root have no effect.
    const { rejected } = await expectSameOutcomes(calls);
    expect(rejected).toBeGreaterThan(calls.length / 2);
  });

  it('rejects the root of a virtual Apple unless environment variables allow it', async () => {
    const { trustAnchors } = await createVirtualApple();
    const original = attestationOptions(attestationFixture('apple-guide-2026'));
    const call = { verifyAttestation: { ...original, trustAnchors } };
    for (const miniflare of [testWorker, virtualWorker]) {
      expect(await outcomesInWorker([call], miniflare)).toEqual([{ rejected: 'untrusted_certificate' }]);
    }
    for (const miniflare of [worker, productionWorker, oldestWorker]) {
      expect(await outcomesInWorker([call], miniflare)).toEqual([{ rejected: 'invalid_argument' }]);
    }
  });

  it('verifies every recording with the oldest documented compatibility date', async () => {
    const calls = [...attestations, ...assertions, ...receipts].map(({ call }) => call);
    expect(await expectSameOutcomes(calls, oldestWorker)).toEqual({ accepted: calls.length, rejected: 0 });
  });

  // workerd aborts a request that waits for the work of another request.
  it.each(['2026-07-01', OLDEST_COMPATIBILITY_DATE])(
    'responds to simultaneous requests, with compatibility date %s',
    async (date) => {
      const fresh = startWorker(script, {}, date);
      onTestFinished(() => fresh.dispose());
      const [attestation, assertion] = [attestations[0]?.call, assertions[0]?.call];
      if (!attestation || !assertion) throw new Error('the fixtures are gone');
      const calls = [attestation, ...Array.from({ length: 10 }, () => assertion)];
      const expected = await outcomesOf(calls);
      const answers = await Promise.all(Array.from({ length: 40 }, () => outcomesInWorker(calls, fresh)));
      expect(expected.every((outcome) => 'accepted' in outcome)).toBe(true);
      expect(answers.filter((outcomes) => toJson(outcomes) !== toJson(expected))).toEqual([]);
    },
  );

  it('differs from the other runtimes as expected', async () => {
    const answers = fromJson<Record<string, boolean>>(await (await worker.dispatchFetch('http://worker/')).text());
    const expected = Object.keys(expectedDifferences).map((name) => [name, isExpected(name, 'workerd')]);
    expect(answers).toEqual(Object.fromEntries(expected));
  });
});

describe.skipIf(!VECTORS.every((file) => existsSync(file)))('the vectors of Project Wycheproof in workerd', () => {
  it.each(VECTORS.map((file) => [basename(file.pathname), file] as const))(
    'verify only if they are valid: %s',
    async (_, file) => {
      const tests = readVectors(readFileSync(file, 'utf8')).groups.flatMap(({ pem, tests }) => {
        return tests.map((test) => ({ ...test, pem }));
      });
      const calls = tests.map(
        ({ pem, message, signature }): Call => ({ verifyEcdsa: { publicKey: pem, message, signature } }),
      );
      const expected = tests.map(({ result }): Outcome => ({ accepted: result === 'valid' }));
      expect(await outcomesInWorker(calls)).toEqual(expected);
    },
  );
});
