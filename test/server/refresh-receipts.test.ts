import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AppAttestError, verifyReceipt } from '../../src/index.js';
import {
  createAppAttest,
  memoryStores,
  type ReceiptProgress,
  type RefreshReceiptsOptions,
} from '../../src/server/index.js';
import { createVirtualApple } from '../../src/testing/index.js';
import { appId, apple, createBackend, registration, TestClock } from '../support/backend.js';
import { newDeviceCheckCredentials } from '../support/due-receipts.js';
import { endpointUrl } from '../support/receipt-requests.js';
import { closeAll, counts, DAY, days, own, progressOf, setUp, withKeys } from '../support/refresh-runs.js';
import { expectCode } from '../support/rejection.js';

const { receiptTrustAnchors } = apple;

afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await closeAll();
});

describe('refreshReceipts', () => {
  it('stores receipt, risk metric and next due time of each due key, and a second run has nothing to do', async () => {
    const { backend, options, endpoint, keyIds, key } = await setUp(7);
    const attested = await backend.receipt(keyIds[0] ?? '');
    expect(await backend.refreshReceipts(options)).toEqual(counts(7, 0, 0));
    for (const [index, keyId] of keyIds.entries()) {
      const { riskMetric, receiptDueAt, publicKey } = await key(index);
      expect(riskMetric).toBe(1);
      expect(days(receiptDueAt)).toBeGreaterThan(29.9);
      expect(days(receiptDueAt)).toBeLessThan(38);
      const receipt = (await backend.receipt(keyId)) ?? expect.fail('the key has no receipt');
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
    const dueDate = async () => (await backend.key(keyId))?.receiptDueAt ?? expect.fail('the key has no receiptDueAt');

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

  it('sends each receipt to the server of its environment', async () => {
    const environments = ['production', 'development'] as const;
    const due = await setUp(2, { environment: environments }, (index) => ({ environment: environments[index] }));
    const { endpoint: _, ...options } = due.options;
    expect(await due.backend.refreshReceipts({ ...options, fetch: due.endpoint })).toEqual(counts(2, 0, 0));
    expect(due.endpoint.requests.map(({ url }) => url).toSorted()).toEqual(environments.map(endpointUrl).toSorted());
  });

  it('refreshes at most `limit` keys, and starts with the keys that have been due for the longest time', async () => {
    const due = await setUp(5);
    const [first, second, third] = due.keyIds;
    const progress = await progressOf(due, { limit: 3, concurrency: 2 });
    expect(progress.map(({ keyId }) => keyId).toSorted()).toEqual([first, second, third].toSorted());
    expect(due.endpoint.requests.length).toBe(3);
    // The other keys are not claimed.
    expect(await due.backend.refreshReceipts(due.options)).toEqual(counts(2, 0, 0));
  });

  it('sends no more than `concurrency` requests at the same time, five by default', async () => {
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

  it('skips revoked keys', async () => {
    const { backend, options, endpoint, keyIds } = await setUp(2);
    await backend.revoke(keyIds[0] ?? '');
    expect(await backend.refreshReceipts(options)).toEqual(counts(1, 0, 0));
    expect(endpoint.requests.length).toBe(1);
  });
});

describe('a due key', () => {
  it('of an environment that the server no longer accepts is not refreshed, and is due again tomorrow', async () => {
    const due = await setUp(1);
    const other = createAppAttest({ appId, environment: 'development', receiptTrustAnchors, ...due.stores });
    const onProgress = vi.fn();
    expect(await other.refreshReceipts(own({ onProgress }, due))).toEqual(counts(0, 0, 1));
    const failed = { outcome: 'failed', error: expect.objectContaining({ code: 'environment_mismatch' }) };
    expect(onProgress).toHaveBeenCalledWith(expect.objectContaining(failed));
    expect(days((await due.key(0)).receiptDueAt)).toBeCloseTo(1, 2);
    expect(due.endpoint.requests).toEqual([]);
  });

  it('of another app is not refreshed, and is due again tomorrow if another due key belongs to an accepted app', async () => {
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

  it('of another app keeps the due date that another server stores during the run', async () => {
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

  it('stays due if no due key belongs to an accepted app, because the option appId is probably wrong', async () => {
    const due = await setUp(7);
    const wrong = createAppAttest({ appId: `${appId}.typo`, receiptTrustAnchors, ...due.stores });
    expect(await wrong.refreshReceipts(due.options)).toEqual(counts(0, 0, 7));
    for (const index of [0, 6]) expect(days((await due.key(index)).receiptDueAt)).toBeLessThan(0);
    expect(due.endpoint.requests).toEqual([]);
  });

  it.each([
    ['without a receipt', () => Promise.resolve(undefined)],
    ['with an empty receipt', () => Promise.resolve(new Uint8Array())],
  ])('%s is not refreshed, and is never due again', async (_, receipt) => {
    const due = await setUp(1);
    const server = withKeys(due, () => ({ receipt }));
    expect(await server.refreshReceipts(due.options)).toEqual(counts(0, 0, 1));
    expect((await due.key(0)).receiptDueAt).toBeUndefined();
    expect(due.endpoint.requests).toEqual([]);
  });

  it.each(['remove', 'revoke'] as const)('is not refreshed if `%s` was called after the claim', async (method) => {
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

  it('that is deleted during the request to Apple is not counted, and stays deleted', async () => {
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

  it('that is revoked during the request to Apple keeps its new receipt, and stays revoked', async () => {
    const due = await setUp(1);
    const revoking: RefreshReceiptsOptions['fetch'] = async (url, init) => {
      await due.backend.revoke(due.keyIds[0] ?? '');
      return fetch(url, init);
    };
    expect(await due.backend.refreshReceipts(own({ fetch: revoking }, due))).toEqual(counts(1, 0, 0));
    expect(await due.key(0)).toMatchObject({ riskMetric: 1, revokedAt: expect.any(Date) });
  });

  it('is tried only once in a run, even if its claim ends during the run', async () => {
    const clock = new TestClock();
    const due = await setUp(3, { now: clock.now });
    for (let index = 0; index < 9; index += 1) due.endpoint.answerNext({ status: 500 });
    const onProgress = () => clock.forward(301);
    expect(await due.backend.refreshReceipts(own({ concurrency: 1, onProgress }, due))).toEqual(counts(0, 0, 3));
    expect(new Set(due.endpoint.requests.map(({ body }) => body)).size).toBe(3);
    expect(due.endpoint.requests.length).toBe(3);
  });

  it('is refreshed by only one of two simultaneous runs', async () => {
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
  it('that is aborted ends the run with the reason of the signal, after the results of the pending requests are stored', async () => {
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
    // The other keys are not claimed, so the next run can claim them immediately.
    expect(await due.backend.refreshReceipts(due.options)).toEqual(counts(4, 0, 0));
  });

  it('that was aborted before the call makes refreshReceipts throw the reason before it claims a key', async () => {
    const due = await setUp(1);
    const reason = new Error('too late');
    await expect(due.backend.refreshReceipts(own({ signal: AbortSignal.abort(reason) }, due))).rejects.toBe(reason);
    expect(await due.backend.refreshReceipts(due.options)).toEqual(counts(1, 0, 0));
  });

  it('that is not aborted has no listener left after the run', async () => {
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
  ])('that %s causes a warning, and the run continues', async (_, onProgress) => {
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
  it.each(['due', 'find', 'receipt', 'saveReceipt'] as const)(
    'whose `%s` fails ends the run with the error of the store',
    async (method) => {
      const due = await setUp(3);
      const failure = new Error('the database is gone');
      const server = withKeys(due, () => ({ [method]: () => Promise.reject(failure) }));
      await expect(server.refreshReceipts(due.options)).rejects.toBe(failure);
    },
  );

  it('that keeps no claims does not make the run endless', async () => {
    const due = await setUp(3);
    for (let index = 0; index < 3; index += 1) due.endpoint.answerNext({ status: 500 });
    const ids = due.keyIds.slice(0, 2);
    const server = withKeys(due, () => ({ due: async () => ids }));
    expect(await server.refreshReceipts(due.options)).toEqual(counts(0, 0, 2));
    expect(due.endpoint.requests.length).toBe(2);
  });

  it('that returns a registered key twice and an unknown key identifier causes only one request', async () => {
    const due = await setUp(1);
    const answers = [[due.keyIds[0] ?? '', due.keyIds[0] ?? '', 'no key'], []];
    const server = withKeys(due, () => ({ due: async () => answers.shift() ?? [] }));
    expect(await server.refreshReceipts(due.options)).toEqual(counts(1, 0, 0));
    expect(due.endpoint.requests.length).toBe(1);
  });

  it('that returns too many keys does not make the run exceed `concurrency` or `limit`', async () => {
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

  it('claims at most `concurrency` keys in each call, for five minutes', async () => {
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

describe('refreshReceipts rejects before it claims a key:', () => {
  const credentials = newDeviceCheckCredentials();
  it.each<[string, unknown]>([
    ['missing options', undefined],
    ['missing credentials', {}],
    ['undefined credentials', { credentials: undefined }],
    ['credentials with an unknown property', { credentials: { ...credentials, teamID: 'TEAMID1234' } }],
    ['a private key that is not PEM', { credentials: { ...credentials, privateKey: 'secret' } }],
    ['a limit of 0', { credentials, limit: 0 }],
    ['a limit of null', { credentials, limit: null }],
    ['a limit over 100 000', { credentials, limit: 100_001 }],
    ['a limit that is not an integer', { credentials, limit: 1.5 }],
    ['a concurrency of 0', { credentials, concurrency: 0 }],
    ['a concurrency over 100', { credentials, concurrency: 101 }],
    ['a signal that is not an AbortSignal', { credentials, signal: {} }],
    ['an onProgress that is not a function', { credentials, onProgress: true }],
    ['a fetch that is not a function', { credentials, fetch: true }],
    ['an endpoint without TLS', { credentials, endpoint: 'http://example.com' }],
    ['an unknown option', { credentials, maximum: 1 }],
  ])('%s', async (_, options) => {
    const stores = memoryStores();
    const due = vi.spyOn(stores.keys, 'due');
    const backend = createBackend(stores);
    // @ts-expect-error: a caller without types
    await expectCode(() => backend.refreshReceipts(options), 'invalid_argument');
    expect(due).not.toHaveBeenCalled();
  });
});
