import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { refreshReceipt } from '../../src/index.js';
import { useReceiptExchange, withServer } from '../support/receipt-exchange.js';
import { expectCode } from '../support/rejection.js';

const exchange = useReceiptExchange();

describe('a request for a receipt', () => {
  const endless = (): Promise<Response> => new Promise(() => undefined);

  it('is aborted after the time limit if there is no response', async () => {
    exchange.endpoint.answerNext({ delay: 60_000 });
    const error = await expectCode(
      () => refreshReceipt({ ...exchange.options, timeout: 0.05 }),
      'receipt_request_failed',
    );
    expect(error.cause).toMatchObject({ name: 'TimeoutError' });
    expect(exchange.endpoint.requests).toEqual([]);
  });

  it('is aborted after the time limit, and the connection is closed', async () => {
    let closed: Promise<unknown> | undefined;
    await withServer(
      (_, response) => {
        closed = once(response, 'close');
      },
      async (url) => {
        await expectCode(
          () => refreshReceipt({ ...exchange.options, endpoint: url, timeout: 2 }),
          'receipt_request_failed',
        );
        await closed;
      },
    );
    expect(closed).toBeDefined();
  });

  it('is aborted after the time limit if the response stops in the middle', async () => {
    await withServer(
      (_, response) => response.write('QUJD'),
      async (url) => {
        const attempt = () => refreshReceipt({ ...exchange.options, endpoint: url, timeout: 0.2 });
        expect((await expectCode(attempt, 'receipt_request_failed')).cause).toMatchObject({ name: 'TimeoutError' });
      },
    );
  });

  it('is aborted by the caller’s signal', async () => {
    const controller = new AbortController();
    const reason = new Error('the queue shuts down');
    exchange.endpoint.answerNext({ delay: 60_000 });
    setTimeout(() => controller.abort(reason), 20);
    const { signal } = controller;
    const error = await expectCode(() => refreshReceipt({ ...exchange.options, signal }), 'receipt_request_failed');
    expect(error.cause).toBe(reason);
  });

  it('fails with the reason of the caller’s signal if the signal was already aborted', async () => {
    const reason = new Error('too late');
    const fetch = vi.fn(endless);
    const attempt = () => refreshReceipt({ ...exchange.options, fetch, signal: AbortSignal.abort(reason) });
    expect((await expectCode(attempt, 'receipt_request_failed')).cause).toBe(reason);
  });

  it('fails after the time limit even if fetch ignores signals', async () => {
    await expectCode(
      () => refreshReceipt({ ...exchange.options, fetch: endless, timeout: 0.02 }),
      'receipt_request_failed',
    );
  });

  it('leaves no listener on the caller’s signal', async () => {
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    await refreshReceipt({ ...exchange.options, signal });
    expect(added).toHaveBeenCalledTimes(1);
    expect(removed.mock.calls[0]).toEqual(added.mock.calls[0]?.slice(0, 2));
  });
});
