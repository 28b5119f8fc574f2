import { generateKeyPairSync } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { refreshReceipt } from '../../src/index.js';
import { DeviceCheckToken } from '../../src/receipt/device-check-token.js';
import { HOUR, newCredentials, START, useReceiptExchange } from '../support/receipt-exchange.js';
import { expectCode } from '../support/rejection.js';

const exchange = useReceiptExchange();

describe('the token for Apple’s receipt server', () => {
  it('is an ES256 JWT with kid, iss and iat, as Apple requires, signed with the private key in the credentials', async () => {
    const { publicKey, credentials } = newCredentials('OTHER67890');
    exchange.endpoint.answerNext({ status: 304 });
    await refreshReceipt({ ...exchange.options, credentials });
    const [token = ''] = exchange.tokens();
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', kid: 'OTHER67890' });
    expect(decodeJwt(token)).toEqual({ iss: 'TEAMID1234', iat: START.getTime() / 1000 });
    await jwtVerify(token, publicKey, { algorithms: ['ES256'] });
  });

  it('is reused for 45 minutes, and then replaced', async () => {
    for (const step of [0, 20 * 60_000, 25 * 60_000 - 1]) {
      exchange.pass(step);
      await refreshReceipt(exchange.options);
    }
    expect(new Set(exchange.tokens()).size).toBe(1);
    exchange.pass(1);
    await refreshReceipt(exchange.options);
    expect(new Set(exchange.tokens()).size).toBe(2);
    expect(exchange.endpoint.requests.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });

  it('is created only once for simultaneous requests', async () => {
    await Promise.all(Array.from({ length: 20 }, () => refreshReceipt(exchange.options)));
    expect(exchange.endpoint.requests.length).toBe(20);
    expect(new Set(exchange.tokens()).size).toBe(1);
  });

  it('is replaced after the clock was set back, and after Apple rejected the token', async () => {
    await refreshReceipt(exchange.options);
    exchange.pass(-HOUR);
    await refreshReceipt(exchange.options);
    expect(new Set(exchange.tokens()).size).toBe(2);

    exchange.endpoint.answerNext({ status: 401 });
    await expectCode(() => refreshReceipt(exchange.options), 'receipt_request_failed');
    // Some runtimes create deterministic signatures. There, a new token differs only if its time differs.
    exchange.pass(1000);
    await refreshReceipt(exchange.options);
    expect(exchange.tokens().at(-2)).toBe(exchange.tokens()[1]);
    expect(exchange.tokens().at(-1)).not.toBe(exchange.tokens()[1]);
  });

  it('is different for another team or another key, and only a few tokens are cached', async () => {
    const team = { ...exchange.options.credentials, teamId: 'OTHER12345' };
    const key = { ...exchange.options.credentials, keyId: 'OTHER67890' };
    for (const credentials of [exchange.options.credentials, team, key, exchange.options.credentials]) {
      exchange.endpoint.answerNext({ status: 304 });
      await refreshReceipt({ ...exchange.options, credentials });
    }
    expect(new Set(exchange.tokens()).size).toBe(3);
    for (let index = 0; index < 16; index += 1) {
      exchange.endpoint.answerNext({ status: 304 });
      await refreshReceipt({
        ...exchange.options,
        credentials: { ...exchange.options.credentials, keyId: `KEY${index}` },
      });
    }
    exchange.pass(1000);
    await refreshReceipt(exchange.options);
    expect(new Set(exchange.tokens()).size).toBe(3 + 16 + 1);
  });

  it('is not cached if it could not be created', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const token = new DeviceCheckToken('TEAMID1234', 'ABC123DEFG', privateKey);
    expect(token.isCurrent()).toBe(true);
    await expect(token.jwt).rejects.toThrow();
    expect(token.isCurrent()).toBe(false);
  });
});
