import { createVirtualApple } from 'app-attest/testing';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { attestationFixture, attestationOptions } from '../../support/recordings.js';
import { expectedDifferences, isExpected } from '../expected-differences.js';
import { type Call, fromJson, type Outcome, outcomesOf, toJson } from '../recorded/calls.js';
import { assertions, attestations, receipts } from '../recorded/recorded-calls.js';
import { expectSameOutcomes, testRecordedCalls } from '../recorded/same-outcomes.js';
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

const same = (calls: readonly Call[], miniflare = worker) =>
  expectSameOutcomes(calls, (asked) => outcomesInWorker(asked, miniflare));

testRecordedCalls('workerd', outcomesInWorker);

describe('a worker in workerd', () => {
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
    expect(await same(calls, oldestWorker)).toEqual({ accepted: calls.length, rejected: 0 });
  });

  // workerd aborts a request that waits for the work of another request.
  it.each(['2026-07-01', OLDEST_COMPATIBILITY_DATE])(
    'responds to simultaneous requests, with compatibility date %s',
    async (date) => {
      const fresh = startWorker(script, {}, date);
      onTestFinished(() => fresh.dispose());
      const [attestation, assertion] = [attestations[0]?.call, assertions[0]?.call];
      if (!attestation || !assertion) throw new Error('there is no recorded attestation or no recorded assertion');
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
