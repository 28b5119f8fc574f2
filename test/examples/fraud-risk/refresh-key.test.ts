import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Apple, refreshKey } from '../../../examples/fraud-risk/refresh-key.js';
import { verifyReceipt } from '../../../src/index.js';
import { createVirtualApple, type EndpointAnswer, type ReceiptEndpoint } from '../../../src/testing/index.js';
import { expectCode } from '../../support/rejection.js';
import { attestKeys, KeysInMemory, reach } from '../../support/stored-keys.js';

const DAY = 24 * 60 * 60 * 1000;
const apple = await createVirtualApple();
const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);

let keys: KeysInMemory;
let endpoint: ReceiptEndpoint;
let options: Apple;
let close: () => Promise<void>;
let keyId: string;

beforeEach(async () => {
  warn.mockClear();
  keys = new KeysInMemory();
  await attestKeys(apple, keys, 1);
  [keyId = ''] = keys.rows.keys();
  endpoint = apple.receiptEndpoint();
  ({ options, close } = await reach(apple, endpoint));
});
afterEach(() => close());

const key = () => keys.rows.get(keyId) ?? expect.fail('no key');
const refresh = () => refreshKey(keys, keyId, options);

describe('the job of docs/fraud-risk.md', () => {
  it('stores the receipt, the risk metric and the next due time, and does nothing the second time', async () => {
    const { receipt } = key();
    await refresh();
    expect(key().riskMetric).toBe(1);
    expect(key().receipt).not.toEqual(receipt);
    const days = (Number(key().receiptDueAt) - Date.now()) / DAY;
    expect(days).toBeGreaterThan(29);
    expect(days).toBeLessThan(38);
    await refresh();
    expect(endpoint.requests.length).toBe(1);
  });

  it('tries again the next day if Apple has no newer receipt', async () => {
    endpoint.answerNext({ status: 304 });
    await refresh();
    expect(key().riskMetric).toBeUndefined();
    expect((Number(key().receiptDueAt) - Date.now()) / DAY).toBeCloseTo(1, 2);
  });

  it.each([401, 429, 500, 503])('lets the queue retry after status %i', async (status) => {
    endpoint.answerNext({ status });
    await expectCode(refresh, 'receipt_request_failed');
    expect(key().receiptDueAt).toEqual(new Date(0));
  });

  it('lets the queue retry if the process is overloaded', async () => {
    const { receipt } = key();
    const { fetch } = globalThis;
    let others: Promise<unknown> = Promise.resolve();
    const spy = vi.spyOn(globalThis, 'fetch').mockImplementationOnce(async (...request) => {
      const response = await fetch(...request);
      const { receiptTrustAnchors: trustAnchors } = apple;
      const other = { receipt, appId: 'TEAMID1234.com.example.another', trustAnchors };
      others = Promise.allSettled(Array.from({ length: 1000 }, () => verifyReceipt(other)));
      return response;
    });
    await expectCode(refresh, 'overloaded');
    expect(key()).toMatchObject({ receipt, receiptDueAt: new Date(0) });
    spy.mockRestore();
    await others;
    await refresh();
    expect(key().riskMetric).toBe(1);
  });

  const hopeless: readonly [string, EndpointAnswer][] = [
    ['Apple does not know the receipt', { status: 404 }],
    ['Apple cannot read it', { status: 400 }],
    ['the response is not a receipt from Apple', { body: Buffer.from('receipt').toString('base64') }],
  ];
  it.each(hopeless)('gives up if %s, and reports the failure', async (_, answer) => {
    endpoint.answerNext(answer);
    await refresh();
    expect(key().receiptDueAt).toBeNull();
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it('skips a key that no longer exists', async () => {
    await refreshKey(keys, 'gone', options);
    expect(endpoint.requests).toEqual([]);
  });
});
