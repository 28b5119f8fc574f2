import { describe, expect, it } from 'vitest';
import { refreshReceipt } from '../../src/index.js';
import { newCredentials, START, useReceiptExchange } from '../support/receipt-exchange.js';
import { expectCode } from '../support/rejection.js';

const exchange = useReceiptExchange();

describe('a response with a status other than 200 and 304', () => {
  it.each([
    [400, 'cannot decode the receipt'],
    [401, 'rejected the token'],
    [403, 'unexpected'],
    [404, 'no data for the receipt'],
    [429, 'too many requests'],
    [500, "Apple's server failed"],
    [503, "Apple's server failed"],
    [204, 'unexpected'],
    [301, 'unexpected'],
  ])('is reported in an error with the status %i', async (status, reason) => {
    exchange.endpoint.answerNext({ status, body: 'Because\n of it' });
    const error = await expectCode(() => refreshReceipt(exchange.options), 'receipt_request_failed');
    expect(error.message).toContain(reason);
    if (status !== 204) expect(error.message).toContain('"Because\\n of it"');
    expect([error.status, error.retryAfter]).toEqual([status, undefined]);
    expect(exchange.endpoint.requests.length).toBe(1);
  });

  it.each([
    ['', '(status 500)'],
    [' busy\r\n', '(status 500, "busy")'],
  ])('and the body %j is reported in an error with the text %s', async (body, quoted) => {
    const fetch = async () => new Response(body, { status: 500 });
    const error = await expectCode(() => refreshReceipt({ ...exchange.options, fetch }), 'receipt_request_failed');
    expect(error.message).toContain(quoted);
  });

  it.each([
    ['data that is not a receipt from Apple', () => ({ receipt: Buffer.from('receipt') }), 400],
    ['a token signed by another key', () => ({ credentials: newCredentials().credentials }), 401],
    [
      'a token of another team',
      () => ({ credentials: { ...exchange.options.credentials, teamId: 'OTHER12345' } }),
      401,
    ],
  ] as const)('is sent by the virtual Apple for %s', async (_, change, status) => {
    const error = await expectCode(
      () => refreshReceipt({ ...exchange.options, ...change() }),
      'receipt_request_failed',
    );
    expect(error.status).toBe(status);
  });

  it('is sent by the virtual Apple if the endpoint belongs to another environment', async () => {
    const development = await exchange.endpoint.listen('development');
    try {
      const attempt = () => refreshReceipt({ ...exchange.options, endpoint: development.url });
      expect((await expectCode(attempt, 'receipt_request_failed')).status).toBe(404);
    } finally {
      await development.close();
    }
  });

  it.each([
    ['7', 7],
    ['0', 0],
    [new Date(START.getTime() + 90_500).toUTCString(), 90],
    [new Date(START.getTime() - 1000).toUTCString(), 0],
    ['soon', undefined],
    ['-1', undefined],
    ['9'.repeat(400), undefined],
    [`on ${START.toUTCString()}`, undefined],
    [`${START.toUTCString()}+0200`, undefined],
  ])('and the header Retry-After %j is reported in an error with retryAfter %s', async (header, seconds) => {
    const fetch = async () => new Response('busy', { status: 429, headers: { 'retry-after': header } });
    const error = await expectCode(() => refreshReceipt({ ...exchange.options, fetch }), 'receipt_request_failed');
    expect([error.status, error.retryAfter]).toEqual([429, seconds]);
  });

  it('is reported in an error with retryAfter if the response arrives over HTTP', async () => {
    exchange.endpoint.answerNext({ status: 429, retryAfter: 30 });
    const error = await expectCode(() => refreshReceipt(exchange.options), 'receipt_request_failed');
    expect([error.status, error.retryAfter]).toEqual([429, 30]);
  });
});
