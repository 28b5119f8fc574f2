import { describe, expect, it, vi } from 'vitest';
import { refreshReceipt, verifyReceipt } from '../../src/index.js';
import { APP_ID } from '../support/evidence.js';
import { HOUR, useReceiptExchange } from '../support/receipt-exchange.js';

const exchange = useReceiptExchange();

describe('a receipt that refreshReceipt sends', () => {
  it('is replaced by a receipt of the same key with a risk metric', async () => {
    const { publicKey } = await verifyReceipt({
      receipt: exchange.receipt,
      appId: APP_ID,
      trustAnchors: exchange.apple.receiptTrustAnchors,
    });
    exchange.pass(HOUR);
    const refreshed = await refreshReceipt(exchange.options);
    if (!refreshed.receipt) return expect.fail('no receipt');
    expect(refreshed.receipt).toBeInstanceOf(Uint8Array);
    expect(refreshed.receipt.byteLength).toBe(refreshed.receipt.buffer.byteLength);

    const verified = await verifyReceipt({
      receipt: refreshed.receipt,
      appId: APP_ID,
      publicKey,
      maxAge: 300,
      trustAnchors: exchange.apple.receiptTrustAnchors,
    });
    expect(verified).toMatchObject({ type: 'RECEIPT', riskMetric: 1, creationTime: exchange.now });
    expect(exchange.endpoint.requests.map(({ body }) => body)).toEqual([
      Buffer.from(exchange.receipt).toString('base64'),
    ]);
  });

  it('is sent in base64, regardless of its encoding in the option receipt', async () => {
    const base64 = Buffer.from(exchange.receipt).toString('base64');
    for (const form of [base64, Buffer.from(exchange.receipt).toString('base64url'), Buffer.from(exchange.receipt)]) {
      expect(await refreshReceipt({ ...exchange.options, receipt: form })).toHaveProperty('receipt');
    }
    expect(new Set(exchange.endpoint.requests.map(({ body }) => body))).toEqual(new Set([base64]));
  });

  it('may be replaced by a receipt in base64 with white space around it', async () => {
    exchange.endpoint.answerNext({ body: `\n${Buffer.from('answer').toString('base64')}\r\n` });
    expect(await refreshReceipt(exchange.options)).toEqual({ receipt: new Uint8Array(Buffer.from('answer')) });
  });

  it('is not replaced until one day after its creation if Apple’s server issued it', async () => {
    const { receipt: next } = await refreshReceipt(exchange.options);
    if (!next) return expect.fail('no receipt');
    expect(await refreshReceipt({ ...exchange.options, receipt: next })).toEqual({ notModified: true });
    exchange.pass(24 * HOUR);
    expect(await refreshReceipt({ ...exchange.options, receipt: next })).toHaveProperty('receipt');
  });

  it('is sent to Apple’s server for the environment in the options', async () => {
    const asked: string[] = [];
    const fetch = async (url: string): Promise<Response> => {
      asked.push(url);
      return new Response(null, { status: 304 });
    };
    const { endpoint: _, ...withoutEndpoint } = exchange.options;
    await refreshReceipt({ ...withoutEndpoint, fetch });
    await refreshReceipt({ ...withoutEndpoint, environment: 'development', fetch });
    expect(asked).toEqual([
      'https://data.appattest.apple.com/v1/attestationData',
      'https://data-development.appattest.apple.com/v1/attestationData',
    ]);
  });

  it('is sent with the global fetch by default', async () => {
    const { endpoint: _, ...withoutEndpoint } = exchange.options;
    vi.stubGlobal('fetch', exchange.apple.receiptEndpoint());
    try {
      expect(await refreshReceipt(withoutEndpoint)).toHaveProperty('receipt');
    } finally {
      vi.unstubAllGlobals();
    }
  });
});
