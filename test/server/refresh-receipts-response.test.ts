import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type AppAttestErrorCode, verifyReceipt } from '../../src/index.js';
import { createAppAttest, type ReceiptProgress, type RefreshReceiptsOptions } from '../../src/server/index.js';
import { createVirtualApple, type EndpointAnswer } from '../../src/testing/index.js';
import { appId, apple, base64, TestClock } from '../support/backend.js';
import { dueReceipts } from '../support/due-receipts.js';
import { withServer } from '../support/receipt-exchange.js';
import { closeAll, counts, days, own, progressOf, receiptOfAnother, setUp } from '../support/refresh-runs.js';
import { expectCode } from '../support/rejection.js';

const { receiptTrustAnchors } = apple;

afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await closeAll();
});

describe('a response of Apple’s server', () => {
  it('with status 304 makes the key due again tomorrow', async () => {
    const due = await setUp(1);
    due.endpoint.answerNext({ status: 304 });
    const [progress] = await progressOf(due);
    expect(progress).toEqual({ ...counts(0, 1, 0), keyId: due.keyIds[0], outcome: 'notModified' });
    const { riskMetric, receiptDueAt } = await due.key(0);
    expect(riskMetric).toBeUndefined();
    expect(days(receiptDueAt)).toBeCloseTo(1, 2);
  });

  it.each([400, 404])('with status %i ends the refreshes of the key', async (status) => {
    const due = await setUp(1);
    const before = await due.backend.receipt(due.keyIds[0] ?? '');
    due.endpoint.answerNext({ status });
    const [progress] = await progressOf(due);
    expect(progress).toMatchObject({ ...counts(0, 0, 1), outcome: 'failed', error: { status } });
    expect((await due.key(0)).receiptDueAt).toBeUndefined();
    expect(await due.backend.receipt(due.keyIds[0] ?? '')).toEqual(before);
  });

  it('with status 401 ends the run with an error, and no further request is sent', async () => {
    const { backend, options, endpoint, key } = await setUp(3);
    endpoint.answerNext({ status: 401 });
    const error = await expectCode(
      () => backend.refreshReceipts({ ...options, concurrency: 1 }),
      'receipt_request_failed',
    );
    expect(error.status).toBe(401);
    expect(endpoint.requests.length).toBe(1);
    expect((await key(0)).receiptDueAt).toEqual(new Date(1_700_000_000_000));
  });

  it('with status 401 ends the run after the results of the other pending requests are stored', async () => {
    const { backend, options, endpoint, key } = await setUp(9);
    endpoint.answerNext({ status: 401 });
    for (let index = 0; index < 4; index += 1) endpoint.answerNext({ delay: 100 });
    await expectCode(() => backend.refreshReceipts(options), 'receipt_request_failed');
    expect(endpoint.requests.length).toBe(5);
    const metrics = await Promise.all([0, 1, 2, 3, 4].map(async (index) => (await key(index)).riskMetric));
    expect(metrics.filter((metric) => metric === 1).length).toBe(4);
  });

  it.each([
    ['in seconds', () => '1'],
    // An HTTP date has no milliseconds, so this date is at least one second from now.
    ['as a date', () => new Date(Date.now() + 1999).toUTCString()],
  ])('with status 429 and Retry-After %s makes the whole run wait', async (_, retryAfter) => {
    const due = await setUp(6);
    const asked: number[] = [];
    const limiting: RefreshReceiptsOptions['fetch'] = async (url, init) => {
      asked.push(performance.now());
      const header = asked.length === 2 ? { 'retry-after': retryAfter() } : undefined;
      return header ? new Response('', { status: 429, headers: header }) : fetch(url, init);
    };
    expect(await due.backend.refreshReceipts(own({ concurrency: 2, fetch: limiting }, due))).toEqual(counts(5, 0, 1));
    const [, second = 0, third = 0] = asked;
    expect(asked.length).toBe(6);
    expect(third - second).toBeGreaterThan(950);
    expect(third - second).toBeLessThan(15_000);
    // The key of the rejected request stays due for a later run.
    const failed = (await Promise.all(due.keyIds.map((_keyId, index) => due.key(index)))).filter(
      ({ riskMetric }) => riskMetric === undefined,
    );
    expect(failed.length).toBe(1);
    expect(Number(failed[0]?.receiptDueAt)).toBeLessThan(1_700_000_001_000);
  });

  it('with status 503 and Retry-After makes the whole run wait, too', async () => {
    const due = await setUp(2);
    due.endpoint.answerNext({ status: 503, retryAfter: 1 });
    const start = performance.now();
    expect(await due.backend.refreshReceipts(own({ concurrency: 1 }, due))).toEqual(counts(1, 0, 1));
    expect(performance.now() - start).toBeGreaterThan(950);
  });

  it.each([
    ['with status 429 and no Retry-After makes the run wait for a minute', { status: 429 }],
    [
      'with status 429 and a Retry-After of ten minutes makes the run wait for this time',
      { status: 429, retryAfter: 600 },
    ],
  ])('%s, unless the signal of the run aborts earlier', async (_, answer) => {
    const due = await setUp(2);
    due.endpoint.answerNext(answer);
    const controller = new AbortController();
    const { signal } = controller;
    const refresh = due.backend.refreshReceipts(own({ concurrency: 1, signal }, due));
    const outcome = await Promise.race([refresh, wait(1500, 'waiting')]);
    expect(outcome).toBe('waiting');
    expect(due.endpoint.requests.length).toBe(1);
    controller.abort(new Error('enough'));
    await expect(refresh).rejects.toThrow('enough');
  });

  it('with status 429 ends a run that would wait for more than ten minutes', async () => {
    const due = await setUp(2);
    due.endpoint.answerNext({ status: 429, retryAfter: 601 });
    expect(await due.backend.refreshReceipts(own({ concurrency: 1 }, due))).toEqual(counts(0, 0, 1));
    expect(due.endpoint.requests.length).toBe(1);
  });

  it('with status 429 for the last key does not make the run wait', async () => {
    const due = await setUp(2);
    due.endpoint.answerNext({ status: 429, retryAfter: 600 });
    expect(await due.backend.refreshReceipts(own({ limit: 1 }, due))).toEqual(counts(0, 0, 1));
  });

  it.each([500, 502, 503, 504])('with status %i leaves the key due for a later run', async (status) => {
    // The test endpoint creates receipts with the real time. The backend accepts them, because its clock is less than five minutes
    // behind.
    const clock = new TestClock(Date.now() - 280_000);
    const due = await setUp(2, { now: clock.now });
    due.endpoint.answerNext({ status });
    expect(await due.backend.refreshReceipts(own({ concurrency: 1 }, due))).toEqual(counts(1, 0, 1));
    expect((await due.key(0)).receiptDueAt).toEqual(new Date(1_700_000_000_000));
    expect(await due.backend.refreshReceipts(due.options)).toEqual(counts(0, 0, 0));
    clock.forward(299);
    expect(await due.backend.refreshReceipts(due.options)).toEqual(counts(0, 0, 0));
    clock.forward(2);
    expect(await due.backend.refreshReceipts(due.options)).toEqual(counts(1, 0, 0));
  });

  it('that never arrives, because Apple’s server is down, leaves the key due', async () => {
    const due = await dueReceipts(1);
    await due.server.close();
    const [progress] = await progressOf(due);
    expect(progress).toMatchObject({ outcome: 'failed', error: { code: 'receipt_request_failed', status: undefined } });
    expect((await due.key(0)).receiptDueAt).toEqual(new Date(1_700_000_000_000));
  });

  it('that does not arrive within ten seconds counts as a failure', async () => {
    const due = await setUp(1);
    await withServer(
      () => undefined,
      async (endpoint) => {
        const start = performance.now();
        const [progress] = await progressOf(due, { endpoint });
        expect(progress).toMatchObject({ outcome: 'failed', error: { code: 'receipt_request_failed' } });
        expect(performance.now() - start).toBeGreaterThan(9_900);
        expect(performance.now() - start).toBeLessThan(30_000);
      },
    );
  });

  it.each([301, 403, 418])(
    'with status %i, which Apple never sends, makes the key due again tomorrow',
    async (status) => {
      const due = await setUp(1);
      due.endpoint.answerNext({ status });
      expect((await progressOf(due))[0]).toMatchObject({ outcome: 'failed', error: { status } });
      expect(days((await due.key(0)).receiptDueAt)).toBeCloseTo(1, 2);
    },
  );

  type Wrong = readonly [what: string, answer: () => Promise<EndpointAnswer>, code: AppAttestErrorCode, again: boolean];
  const wrong: readonly Wrong[] = [
    ['of another key', async () => ({ body: await receiptOfAnother() }), 'receipt_key_mismatch', false],
    [
      'of another app',
      async () => ({ body: await receiptOfAnother({ appId: `${appId}.other` }) }),
      'app_id_mismatch',
      false,
    ],
    ['that cannot be decoded', async () => ({ body: base64(Buffer.from('receipt')) }), 'malformed_receipt', true],
    ['that is not base64', async () => ({ body: '<html>' }), 'receipt_request_failed', true],
    ['that is empty', async () => ({ body: '' }), 'receipt_request_failed', true],
    [
      'of another virtual Apple',
      async () => ({ body: await receiptOfAnother({}, await createVirtualApple()) }),
      'untrusted_certificate',
      true,
    ],
  ];
  it.each(wrong)('with a receipt %s is never stored', async (_, answer, code, again) => {
    const due = await setUp(1);
    const before = await due.backend.receipt(due.keyIds[0] ?? '');
    due.endpoint.answerNext(await answer());
    const [progress] = await progressOf(due);
    expect(progress).toMatchObject({ ...counts(0, 0, 1), error: { code } });
    const { riskMetric, receiptDueAt } = await due.key(0);
    expect(riskMetric).toBeUndefined();
    if (again) expect(days(receiptDueAt)).toBeCloseTo(1, 2);
    else expect(receiptDueAt).toBeUndefined();
    expect(await due.backend.receipt(due.keyIds[0] ?? '')).toEqual(before);
  });

  it('with the receipt of the attestation, which has no risk metric, is never stored', async () => {
    const due = await setUp(1);
    const attested = (await due.backend.receipt(due.keyIds[0] ?? '')) ?? expect.fail('the key has no receipt');
    due.endpoint.answerNext({ body: base64(attested) });
    expect((await progressOf(due))[0]).toMatchObject({ error: { code: 'receipt_challenge_mismatch' } });
    expect(days((await due.key(0)).receiptDueAt)).toBeCloseTo(1, 2);
  });

  it('with a receipt of another environment is never stored, and ends the refreshes of the key', async () => {
    const due = await setUp(1);
    const { challenges, keys } = due.stores;
    // This store returns the key with another environment.
    const { find } = keys;
    keys.find = async (keyId) => {
      const key = await find.call(keys, keyId);
      return key && { ...key, environment: 'development' };
    };
    const both = createAppAttest({
      appId,
      environment: ['production', 'development'],
      receiptTrustAnchors,
      challenges,
      keys,
    });
    const codes: unknown[] = [];
    const onProgress = ({ error }: ReceiptProgress) => codes.push(error?.code);
    expect(await both.refreshReceipts(own({ onProgress }, due))).toEqual(counts(0, 0, 1));
    expect(codes).toEqual(['environment_mismatch']);
    expect((await due.key(0)).receiptDueAt).toBeUndefined();
  });

  it.each([
    ['ahead by six minutes', 360, 'receipt_too_old'],
    ['ahead by a year', 365 * 24 * 60 * 60, 'receipt_expired'],
    ['behind by six minutes', -360, 'receipt_expired'],
  ])(
    'is rejected, and its key is due again tomorrow, if the clock of the server that refreshes receipts is %s',
    async (_, seconds, code) => {
      const due = await setUp(2);
      const now = () => new Date(Date.now() + seconds * 1000);
      const wrongClock = createAppAttest({ appId, receiptTrustAnchors, ...due.stores, now });
      const codes: unknown[] = [];
      const onProgress = ({ error }: ReceiptProgress) => codes.push(error?.code);
      expect(await wrongClock.refreshReceipts(own({ onProgress }, due))).toEqual(counts(0, 0, 2));
      expect(codes).toEqual([code, code]);
      expect(days((await due.key(0)).receiptDueAt) - seconds / (24 * 60 * 60)).toBeCloseTo(1, 2);
    },
  );

  it('leaves the key due if this process is too busy to verify the receipt', async () => {
    const due = await setUp(1);
    const receipt = (await due.backend.receipt(due.keyIds[0] ?? '')) ?? expect.fail('the key has no receipt');
    let others: Promise<unknown> = Promise.resolve();
    const busy: RefreshReceiptsOptions['fetch'] = async (url, init) => {
      const response = await fetch(url, init);
      const other = { receipt, appId: `${appId}.other`, trustAnchors: receiptTrustAnchors };
      others = Promise.allSettled(Array.from({ length: 1000 }, () => verifyReceipt(other)));
      return response;
    };
    expect((await progressOf(due, { fetch: busy, limit: 1 }))[0]).toMatchObject({ error: { code: 'overloaded' } });
    expect((await due.key(0)).receiptDueAt).toEqual(new Date(1_700_000_000_000));
    await others;
  });
});
