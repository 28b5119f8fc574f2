import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AppAttestError, type AppAttestErrorCode, verifyReceipt } from '../../src/index.js';
import {
  createAppAttest,
  type KeyStore,
  memoryStores,
  type ReceiptProgress,
  type RefreshReceiptsOptions,
} from '../../src/server/index.js';
import { createVirtualApple, type EndpointAnswer, type VirtualDeviceOptions } from '../../src/testing/index.js';
import { appId, apple, base64, createBackend, registration, TestClock } from '../support/backend.js';
import { type DueReceipts, dueReceipts, newDeviceCheckCredentials } from '../support/due-receipts.js';
import { withServer } from '../support/receipt-exchange.js';
import { deviceCheckToken, endpointUrl } from '../support/receipt-requests.js';
import { expectCode } from '../support/rejection.js';

const DAY = 24 * 60 * 60 * 1000;
const { receiptTrustAnchors } = apple;

const opened: DueReceipts[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  for (const due of opened.splice(0)) await due.close();
});

async function setUp(...parameters: Parameters<typeof dueReceipts>): Promise<DueReceipts> {
  const due = await dueReceipts(...parameters);
  opened.push(due);
  return due;
}

const days = (date: Date | undefined): number => (Number(date) - Date.now()) / DAY;

const counts = (refreshed: number, notModified: number, failed: number) => {
  return { due: refreshed + notModified + failed, refreshed, notModified, failed };
};

const own = (options: Partial<RefreshReceiptsOptions>, { options: valid }: DueReceipts): RefreshReceiptsOptions => {
  return { ...valid, ...options };
};

/** Runs the refresh, and returns what `onProgress` received. */
async function progressOf(due: DueReceipts, options: Partial<RefreshReceiptsOptions> = {}): Promise<ReceiptProgress[]> {
  const received: ReceiptProgress[] = [];
  const onProgress = (progress: ReceiptProgress) => received.push(progress);
  await due.backend.refreshReceipts(own({ ...options, onProgress }, due));
  return received;
}

/** Another server with the same store, some methods of which are replaced. */
function withKeys({ stores }: DueReceipts, replace: (original: KeyStore) => Partial<KeyStore>) {
  const { challenges, keys } = stores;
  const { insert, find, advance, revoke, bind, list, remove, receipt, saveReceipt, due } = keys;
  const methods = { insert, find, advance, revoke, bind, list, remove, receipt, saveReceipt, due };
  const bound = Object.fromEntries(Object.entries(methods).map(([name, method]) => [name, method.bind(keys)]));
  const replaced = Object.assign(Object.create(null), bound, replace(keys));
  return createAppAttest({ appId, receiptTrustAnchors, challenges, keys: replaced });
}

/** A genuine answer of Apple's server about another key. */
async function receiptOfAnother(options: Partial<VirtualDeviceOptions> = {}, issuer = apple): Promise<string> {
  const backend = createBackend({ appId: [appId, `${appId}.other`], trustAnchors: issuer.trustAnchors });
  const device = await issuer.createDevice({ appId, ...options });
  const { keyId } = await backend.register(await registration(backend, device));
  const response = await issuer.receiptEndpoint()(endpointUrl('production'), {
    method: 'POST',
    headers: { authorization: await deviceCheckToken({ teamId: appId.slice(0, 10) }) },
    body: base64((await backend.receipt(keyId)) ?? new Uint8Array()),
  });
  expect(response.status).toBe(200);
  return response.text();
}

describe('refreshReceipts', () => {
  it('stores receipt, risk metric and next due time of each due key, and then has nothing to do', async () => {
    const { backend, options, endpoint, keyIds, key } = await setUp(7);
    const attested = await backend.receipt(keyIds[0] ?? '');
    expect(await backend.refreshReceipts(options)).toEqual(counts(7, 0, 0));
    for (const [index, keyId] of keyIds.entries()) {
      const { riskMetric, receiptDueAt, publicKey } = await key(index);
      expect(riskMetric).toBe(1);
      expect(days(receiptDueAt)).toBeGreaterThan(29.9);
      expect(days(receiptDueAt)).toBeLessThan(38);
      const receipt = (await backend.receipt(keyId)) ?? expect.fail('no receipt');
      await verifyReceipt({ receipt, appId, publicKey, type: 'RECEIPT', trustAnchors: receiptTrustAnchors });
    }
    expect(await backend.receipt(keyIds[0] ?? '')).not.toEqual(attested);
    expect(await backend.refreshReceipts(options)).toEqual(counts(0, 0, 0));
    expect(endpoint.requests.length).toBe(7);
  });

  it('exchanges the first receipt after a day, and its successor after a month', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const mine = await createVirtualApple();
    const { trustAnchors, receiptTrustAnchors: roots } = mine;
    const backend = createAppAttest({ appId, trustAnchors, receiptTrustAnchors: roots });
    const device = await mine.createDevice({ appId });
    const { keyId } = await backend.register(await registration(backend, device));
    const endpoint = mine.receiptEndpoint();
    const refresh = () => backend.refreshReceipts({ credentials: newDeviceCheckCredentials(), fetch: endpoint });
    const dueDate = async () => (await backend.key(keyId))?.receiptDueAt ?? expect.fail('never due');

    expect(days(await dueDate())).toBeGreaterThanOrEqual(1);
    expect(await refresh()).toEqual(counts(0, 0, 0));
    vi.setSystemTime(await dueDate());
    expect(await refresh()).toEqual(counts(1, 0, 0));
    expect(days(await dueDate())).toBeGreaterThanOrEqual(30);
    device.riskMetric = 42;
    vi.setSystemTime(await dueDate());
    expect(await refresh()).toEqual(counts(1, 0, 0));
    expect((await backend.key(keyId))?.riskMetric).toBe(42);
    expect(new Set(endpoint.requests.map(({ body }) => body)).size).toBe(2);
  });

  it('asks the server of the environment of each key', async () => {
    const environments = ['production', 'development'] as const;
    const due = await setUp(2, { environment: environments }, (index) => ({ environment: environments[index] }));
    const { endpoint: _, ...options } = due.options;
    expect(await due.backend.refreshReceipts({ ...options, fetch: due.endpoint })).toEqual(counts(2, 0, 0));
    expect(due.endpoint.requests.map(({ url }) => url).toSorted()).toEqual(environments.map(endpointUrl).toSorted());
  });

  it('asks about the longest due keys first, and about no more than `limit`', async () => {
    const due = await setUp(5);
    const [first, second, third] = due.keyIds;
    const progress = await progressOf(due, { limit: 3, concurrency: 2 });
    expect(progress.map(({ keyId }) => keyId).toSorted()).toEqual([first, second, third].toSorted());
    expect(due.endpoint.requests.length).toBe(3);
    // The others are not claimed.
    expect(await due.backend.refreshReceipts(due.options)).toEqual(counts(2, 0, 0));
  });

  it('has no more than `concurrency` requests at the same time, five by default', async () => {
    for (const [concurrency, most] of [
      [undefined, 5],
      [3, 3],
      [1, 1],
    ] as const) {
      const { backend, options } = await setUp(9);
      let running = 0;
      let highest = 0;
      const counting: RefreshReceiptsOptions['fetch'] = async (url, init) => {
        running += 1;
        highest = Math.max(highest, running);
        await wait(5);
        return fetch(url, init).finally(() => {
          running -= 1;
        });
      };
      expect(await backend.refreshReceipts({ ...options, concurrency, fetch: counting })).toEqual(counts(9, 0, 0));
      expect(highest).toBe(most);
    }
  });

  it('leaves revoked keys alone', async () => {
    const { backend, options, endpoint, keyIds } = await setUp(2);
    await backend.revoke(keyIds[0] ?? '');
    expect(await backend.refreshReceipts(options)).toEqual(counts(1, 0, 0));
    expect(endpoint.requests.length).toBe(1);
  });
});

describe('the answer of Apple’s server', () => {
  it('304 means that the key is due again tomorrow', async () => {
    const due = await setUp(1);
    due.endpoint.answerNext({ status: 304 });
    const [progress] = await progressOf(due);
    expect(progress).toEqual({ ...counts(0, 1, 0), keyId: due.keyIds[0], outcome: 'notModified' });
    const { riskMetric, receiptDueAt } = await due.key(0);
    expect(riskMetric).toBeUndefined();
    expect(days(receiptDueAt)).toBeCloseTo(1, 2);
  });

  it.each([400, 404])('%i means that Apple is never asked again', async (status) => {
    const due = await setUp(1);
    const before = await due.backend.receipt(due.keyIds[0] ?? '');
    due.endpoint.answerNext({ status });
    const [progress] = await progressOf(due);
    expect(progress).toMatchObject({ ...counts(0, 0, 1), outcome: 'failed', error: { status } });
    expect((await due.key(0)).receiptDueAt).toBeUndefined();
    expect(await due.backend.receipt(due.keyIds[0] ?? '')).toEqual(before);
  });

  it('401 ends the run: it rejects, and sends no further request', async () => {
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

  it('401 ends the run after the other answers are stored', async () => {
    const { backend, options, endpoint, key } = await setUp(9);
    endpoint.answerNext({ status: 401 });
    for (let index = 0; index < 4; index += 1) endpoint.answerNext({ delay: 100 });
    await expectCode(() => backend.refreshReceipts(options), 'receipt_request_failed');
    expect(endpoint.requests.length).toBe(5);
    const metrics = await Promise.all([0, 1, 2, 3, 4].map(async (index) => (await key(index)).riskMetric));
    expect(metrics.filter((metric) => metric === 1).length).toBe(4);
  });

  it.each([
    ['of seconds', () => '1'],
    // An HTTP date has whole seconds: at least one second from now.
    ['with a date', () => new Date(Date.now() + 1999).toUTCString()],
  ])('429 with Retry-After %s makes the whole run wait', async (_, retryAfter) => {
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
    // The key stays due, for a later run.
    const failed = (await Promise.all(due.keyIds.map((_keyId, index) => due.key(index)))).filter(
      ({ riskMetric }) => riskMetric === undefined,
    );
    expect(failed.length).toBe(1);
    expect(Number(failed[0]?.receiptDueAt)).toBeLessThan(1_700_000_001_000);
  });

  it('503 with Retry-After makes the whole run wait, too', async () => {
    const due = await setUp(2);
    due.endpoint.answerNext({ status: 503, retryAfter: 1 });
    const start = performance.now();
    expect(await due.backend.refreshReceipts(own({ concurrency: 1 }, due))).toEqual(counts(1, 0, 1));
    expect(performance.now() - start).toBeGreaterThan(950);
  });

  it.each([
    ['429 without Retry-After makes the run wait for a minute', { status: 429 }],
    ['429 makes the run wait for ten minutes', { status: 429, retryAfter: 600 }],
  ])('%s, unless its signal aborts', async (_, answer) => {
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

  it('429 ends a run that would wait for more than ten minutes', async () => {
    const due = await setUp(2);
    due.endpoint.answerNext({ status: 429, retryAfter: 601 });
    expect(await due.backend.refreshReceipts(own({ concurrency: 1 }, due))).toEqual(counts(0, 0, 1));
    expect(due.endpoint.requests.length).toBe(1);
  });

  it('429 for the last key of the run makes nobody wait', async () => {
    const due = await setUp(2);
    due.endpoint.answerNext({ status: 429, retryAfter: 600 });
    expect(await due.backend.refreshReceipts(own({ limit: 1 }, due))).toEqual(counts(0, 0, 1));
  });

  it.each([500, 502, 503, 504])('%i leaves the key due for a later run', async (status) => {
    // Receipts may come from up to five minutes in the future.
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

  it('leaves the key due if there is none', async () => {
    const due = await setUp(1);
    await due.server.close();
    opened.splice(0);
    const [progress] = await progressOf(due);
    expect(progress).toMatchObject({ outcome: 'failed', error: { code: 'receipt_request_failed', status: undefined } });
    expect((await due.key(0)).receiptDueAt).toEqual(new Date(1_700_000_000_000));
  });

  it('is waited for ten seconds', async () => {
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

  it.each([301, 403, 418])('%i, which Apple never sends, makes the key due again tomorrow', async (status) => {
    const due = await setUp(1);
    due.endpoint.answerNext({ status });
    expect((await progressOf(due))[0]).toMatchObject({ outcome: 'failed', error: { status } });
    expect(days((await due.key(0)).receiptDueAt)).toBeCloseTo(1, 2);
  });

  type Wrong = readonly [what: string, answer: () => Promise<EndpointAnswer>, code: AppAttestErrorCode, again: boolean];
  const wrong: readonly Wrong[] = [
    ['of another key', async () => ({ body: await receiptOfAnother() }), 'receipt_key_mismatch', false],
    [
      'of another app',
      async () => ({ body: await receiptOfAnother({ appId: `${appId}.other` }) }),
      'app_id_mismatch',
      false,
    ],
    ['that nobody can decode', async () => ({ body: base64(Buffer.from('receipt')) }), 'malformed_receipt', true],
    ['that is not base64', async () => ({ body: '<html>' }), 'receipt_request_failed', true],
    ['that is empty', async () => ({ body: '' }), 'receipt_request_failed', true],
    [
      'of another Apple',
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
    const attested = (await due.backend.receipt(due.keyIds[0] ?? '')) ?? expect.fail('no receipt');
    due.endpoint.answerNext({ body: base64(attested) });
    expect((await progressOf(due))[0]).toMatchObject({ error: { code: 'receipt_challenge_mismatch' } });
    expect(days((await due.key(0)).receiptDueAt)).toBeCloseTo(1, 2);
  });

  it('with a receipt of another environment is never stored, and Apple is never asked again', async () => {
    const due = await setUp(1);
    const { challenges, keys } = due.stores;
    // A store that was filled by hand.
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
  ])('ends no refreshes because the clock of this server is %s', async (_, seconds, code) => {
    const due = await setUp(2);
    const now = () => new Date(Date.now() + seconds * 1000);
    const wrongClock = createAppAttest({ appId, receiptTrustAnchors, ...due.stores, now });
    const codes: unknown[] = [];
    const onProgress = ({ error }: ReceiptProgress) => codes.push(error?.code);
    expect(await wrongClock.refreshReceipts(own({ onProgress }, due))).toEqual(counts(0, 0, 2));
    expect(codes).toEqual([code, code]);
    expect(days((await due.key(0)).receiptDueAt) - seconds / (24 * 60 * 60)).toBeCloseTo(1, 2);
  });

  it('leaves the key due if this process is too busy to verify it', async () => {
    const due = await setUp(1);
    const receipt = (await due.backend.receipt(due.keyIds[0] ?? '')) ?? expect.fail('no receipt');
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

describe('a key', () => {
  it('of an environment that the server no longer accepts is not asked about, and due again tomorrow', async () => {
    const due = await setUp(1);
    const other = createAppAttest({ appId, environment: 'development', receiptTrustAnchors, ...due.stores });
    const onProgress = vi.fn();
    expect(await other.refreshReceipts(own({ onProgress }, due))).toEqual(counts(0, 0, 1));
    const failed = { outcome: 'failed', error: expect.objectContaining({ code: 'environment_mismatch' }) };
    expect(onProgress).toHaveBeenCalledWith(expect.objectContaining(failed));
    expect(days((await due.key(0)).receiptDueAt)).toBeCloseTo(1, 2);
    expect(due.endpoint.requests).toEqual([]);
  });

  it('of another app is not asked about, and due again tomorrow if another due key is of an accepted app', async () => {
    const otherId = `${appId}.other`;
    const due = await setUp(8, { appId: [appId, otherId] }, (index) => ({ appId: index === 6 ? otherId : appId }));
    const other = createAppAttest({ appId: otherId, receiptTrustAnchors, ...due.stores });
    const onProgress = vi.fn();
    expect(await other.refreshReceipts(own({ onProgress }, due))).toEqual(counts(1, 0, 7));
    const failed = { outcome: 'failed', error: expect.objectContaining({ code: 'app_id_mismatch' }) };
    expect(onProgress).toHaveBeenCalledWith(expect.objectContaining(failed));
    for (const index of [0, 5, 7]) expect(days((await due.key(index)).receiptDueAt)).toBeCloseTo(1, 2);
    expect(days((await due.key(6)).receiptDueAt)).toBeGreaterThan(6);
    expect(due.endpoint.requests.length).toBe(1);
  });

  it('of another app keeps the date from a server that refreshed the receipt after the claim', async () => {
    const otherId = `${appId}.other`;
    const due = await setUp(3, { appId: [appId, otherId] }, (index) => ({ appId: index === 2 ? otherId : appId }));
    const other = createAppAttest({ appId: otherId, receiptTrustAnchors, ...due.stores });
    const receiptDueAt = new Date(Date.now() + 30 * DAY);
    const onProgress = async ({ keyId }: ReceiptProgress) => {
      if (keyId === due.keyIds[0]) await due.stores.keys.saveReceipt(keyId, { receiptDueAt });
      if (keyId === due.keyIds[1]) await due.stores.keys.saveReceipt(keyId, { receiptDueAt: null });
    };
    expect(await other.refreshReceipts(own({ onProgress }, due))).toEqual(counts(1, 0, 2));
    expect((await due.key(0)).receiptDueAt).toEqual(receiptDueAt);
    expect((await due.key(1)).receiptDueAt).toBeUndefined();
  });

  it('stays due if no due key is of an accepted app, because the App ID is probably wrong', async () => {
    const due = await setUp(7);
    const wrong = createAppAttest({ appId: `${appId}.typo`, receiptTrustAnchors, ...due.stores });
    expect(await wrong.refreshReceipts(due.options)).toEqual(counts(0, 0, 7));
    for (const index of [0, 6]) expect(days((await due.key(index)).receiptDueAt)).toBeLessThan(0);
    expect(due.endpoint.requests).toEqual([]);
  });

  it.each([
    ['without a receipt', () => Promise.resolve(undefined)],
    ['with an empty receipt', () => Promise.resolve(new Uint8Array())],
  ])('%s is not asked about, and never due again', async (_, receipt) => {
    const due = await setUp(1);
    const server = withKeys(due, () => ({ receipt }));
    expect(await server.refreshReceipts(due.options)).toEqual(counts(0, 0, 1));
    expect((await due.key(0)).receiptDueAt).toBeUndefined();
    expect(due.endpoint.requests).toEqual([]);
  });

  it.each(['remove', 'revoke'] as const)('after `%s` since it was claimed is not asked about', async (method) => {
    const due = await setUp(2);
    const server = withKeys(due, (keys) => ({
      async due(...parameters) {
        const claimed = await keys.due(...parameters);
        await keys[method](claimed[0] ?? '');
        return claimed;
      },
    }));
    expect(await server.refreshReceipts(due.options)).toEqual(counts(1, 0, 0));
    expect(due.endpoint.requests.length).toBe(1);
  });

  it('that is deleted while Apple is asked does not count, and stays deleted', async () => {
    for (const status of [200, 304, 404]) {
      const due = await setUp(1);
      if (status !== 200) due.endpoint.answerNext({ status });
      const deleting: RefreshReceiptsOptions['fetch'] = async (url, init) => {
        const response = await fetch(url, init);
        await due.backend.forget(due.keyIds[0] ?? '');
        return response;
      };
      expect(await due.backend.refreshReceipts(own({ fetch: deleting }, due))).toEqual(counts(0, 0, 0));
      expect(await due.backend.key(due.keyIds[0] ?? '')).toBeUndefined();
    }
  });

  it('that is revoked while Apple is asked keeps its new receipt, and stays revoked', async () => {
    const due = await setUp(1);
    const revoking: RefreshReceiptsOptions['fetch'] = async (url, init) => {
      await due.backend.revoke(due.keyIds[0] ?? '');
      return fetch(url, init);
    };
    expect(await due.backend.refreshReceipts(own({ fetch: revoking }, due))).toEqual(counts(1, 0, 0));
    expect(await due.key(0)).toMatchObject({ riskMetric: 1, revokedAt: expect.any(Date) });
  });

  it('is asked about once in a run, even if its claim ends meanwhile', async () => {
    const clock = new TestClock();
    const due = await setUp(3, { now: clock.now });
    for (let index = 0; index < 9; index += 1) due.endpoint.answerNext({ status: 500 });
    const onProgress = () => clock.forward(301);
    expect(await due.backend.refreshReceipts(own({ concurrency: 1, onProgress }, due))).toEqual(counts(0, 0, 3));
    expect(new Set(due.endpoint.requests.map(({ body }) => body)).size).toBe(3);
    expect(due.endpoint.requests.length).toBe(3);
  });

  it('is asked about once by two runs at the same time', async () => {
    const due = await setUp(20);
    const other = createAppAttest({ appId, receiptTrustAnchors, ...due.stores });
    const [one, two] = await Promise.all([
      due.backend.refreshReceipts(due.options),
      other.refreshReceipts(due.options),
    ]);
    expect(one.refreshed + two.refreshed).toBe(20);
    expect(Math.min(one.refreshed, two.refreshed)).toBeGreaterThan(0);
    expect(new Set(due.endpoint.requests.map(({ body }) => body)).size).toBe(20);
    expect(due.endpoint.requests.length).toBe(20);
  });
});

describe('a signal', () => {
  it('ends the run after the requests in flight were stored, and rejects with its reason', async () => {
    const due = await setUp(6);
    const controller = new AbortController();
    const reason = new Error('shutting down');
    const aborting: RefreshReceiptsOptions['fetch'] = async (url, init) => {
      controller.abort(reason);
      await wait(50);
      return fetch(url, init);
    };
    const refresh = due.backend.refreshReceipts(
      own({ concurrency: 2, signal: controller.signal, fetch: aborting }, due),
    );
    await expect(refresh).rejects.toBe(reason);
    expect(due.endpoint.requests.length).toBe(2);
    const metrics = await Promise.all(due.keyIds.map(async (_, index) => (await due.key(index)).riskMetric));
    expect(metrics).toEqual([1, 1, undefined, undefined, undefined, undefined]);
    // The others are not claimed: the next run has them at once.
    expect(await due.backend.refreshReceipts(due.options)).toEqual(counts(4, 0, 0));
  });

  it('that aborted before the run claims no key', async () => {
    const due = await setUp(1);
    const reason = new Error('too late');
    await expect(due.backend.refreshReceipts(own({ signal: AbortSignal.abort(reason) }, due))).rejects.toBe(reason);
    expect(await due.backend.refreshReceipts(due.options)).toEqual(counts(1, 0, 0));
  });

  it('that aborts later than the run changes nothing, and has no listener left', async () => {
    const due = await setUp(2);
    const { signal } = new AbortController();
    const add = vi.spyOn(signal, 'addEventListener');
    const remove = vi.spyOn(signal, 'removeEventListener');
    await due.backend.refreshReceipts(own({ signal }, due));
    expect(add.mock.calls.length).toBe(remove.mock.calls.length);
  });
});

describe('onProgress', () => {
  it('receives the counts so far and the result for each key', async () => {
    const due = await setUp(3);
    due.endpoint.answerNext({});
    due.endpoint.answerNext({ status: 304 });
    due.endpoint.answerNext({ status: 404 });
    const [first, second, third] = due.keyIds;
    expect(await progressOf(due, { concurrency: 1 })).toEqual([
      { ...counts(1, 0, 0), keyId: first, outcome: 'refreshed' },
      { ...counts(1, 1, 0), keyId: second, outcome: 'notModified' },
      { ...counts(1, 1, 1), keyId: third, outcome: 'failed', error: expect.any(AppAttestError) },
    ]);
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('broken hook');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken hook'))],
  ])('that %s causes a warning, and the run goes on', async (_, onProgress) => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const due = await setUp(3);
    expect(await due.backend.refreshReceipts(own({ onProgress }, due))).toEqual(counts(3, 0, 0));
    await wait(0);
    expect(warn).toHaveBeenCalledTimes(3);
    expect(warn.mock.calls[0]?.[0]).toMatchObject({ cause: { message: 'broken hook' } });
  });

  it('that never resolves does not stop the run', async () => {
    const due = await setUp(3);
    const onProgress = () => new Promise(() => undefined);
    expect(await due.backend.refreshReceipts(own({ onProgress }, due))).toEqual(counts(3, 0, 0));
  });
});

describe('a store', () => {
  it.each(['due', 'find', 'receipt', 'saveReceipt'] as const)('whose `%s` fails ends the run', async (method) => {
    const due = await setUp(3);
    const failure = new Error('the database is gone');
    const server = withKeys(due, () => ({ [method]: () => Promise.reject(failure) }));
    await expect(server.refreshReceipts(due.options)).rejects.toBe(failure);
  });

  it('that keeps no claims does not keep the run going', async () => {
    const due = await setUp(3);
    for (let index = 0; index < 3; index += 1) due.endpoint.answerNext({ status: 500 });
    const ids = due.keyIds.slice(0, 2);
    const server = withKeys(due, () => ({ due: async () => ids }));
    expect(await server.refreshReceipts(due.options)).toEqual(counts(0, 0, 2));
    expect(due.endpoint.requests.length).toBe(2);
  });

  it('that returns a key twice, or no key, gets each asked about once', async () => {
    const due = await setUp(1);
    const answers = [[due.keyIds[0] ?? '', due.keyIds[0] ?? '', 'no key'], []];
    const server = withKeys(due, () => ({ due: async () => answers.shift() ?? [] }));
    expect(await server.refreshReceipts(due.options)).toEqual(counts(1, 0, 0));
    expect(due.endpoint.requests.length).toBe(1);
  });

  it('that returns too many keys does not raise the concurrency or the limit', async () => {
    const due = await setUp(6);
    let open = 0;
    let most = 0;
    const fetch: RefreshReceiptsOptions['fetch'] = async (url, init) => {
      open += 1;
      most = Math.max(most, open);
      const response = await due.endpoint(url, init);
      open -= 1;
      return response;
    };
    const { endpoint: _, ...options } = own({ fetch, concurrency: 2, limit: 3 }, due);
    const server = withKeys(due, (keys) => ({ due: (date, _limit, until) => keys.due(date, 1000, until) }));
    expect(await server.refreshReceipts(options)).toEqual(counts(2, 0, 0));
    expect(most).toBe(2);
  });

  it('is asked for `concurrency` keys at a time, claimed for five minutes', async () => {
    const due = await setUp(12);
    const limits: number[] = [];
    const server = withKeys(due, (keys) => ({
      due(date, limit, claimedUntil) {
        limits.push(limit);
        expect(claimedUntil.getTime() - date.getTime()).toBe(300_000);
        return keys.due(date, limit, claimedUntil);
      },
    }));
    await server.refreshReceipts(own({ concurrency: 4, limit: 10 }, due));
    expect(limits).toEqual([4, 4, 2]);
  });
});

describe('wrong options', () => {
  const credentials = newDeviceCheckCredentials();
  it.each<[string, unknown]>([
    ['no options', undefined],
    ['no credentials', {}],
    ['undefined credentials', { credentials: undefined }],
    ['credentials with an unknown entry', { credentials: { ...credentials, teamID: 'TEAMID1234' } }],
    ['a private key that is none', { credentials: { ...credentials, privateKey: 'secret' } }],
    ['a limit of 0', { credentials, limit: 0 }],
    ['a limit of null', { credentials, limit: null }],
    ['a limit over 100 000', { credentials, limit: 100_001 }],
    ['a limit that is not an integer', { credentials, limit: 1.5 }],
    ['a concurrency of 0', { credentials, concurrency: 0 }],
    ['a concurrency over 100', { credentials, concurrency: 101 }],
    ['a signal that is none', { credentials, signal: {} }],
    ['a hook that is none', { credentials, onProgress: true }],
    ['a fetch that is none', { credentials, fetch: true }],
    ['a plain endpoint', { credentials, endpoint: 'http://example.com' }],
    ['an unknown option', { credentials, maximum: 1 }],
  ])('%s: rejected before a key is claimed', async (_, options) => {
    const stores = memoryStores();
    const due = vi.spyOn(stores.keys, 'due');
    const backend = createBackend(stores);
    // @ts-expect-error: a caller without types
    await expectCode(() => backend.refreshReceipts(options), 'invalid_argument');
    expect(due).not.toHaveBeenCalled();
  });
});
