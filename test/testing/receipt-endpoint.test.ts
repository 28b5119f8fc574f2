import { generateKeyPairSync } from 'node:crypto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type Environment, refreshReceipt } from '../../src/index.js';
import { createVirtualApple, type VirtualApple, type VirtualDevice } from '../../src/testing/index.js';
import { receiptFields, receiptPayload } from '../support/evidence-structure.js';
import { attestedReceipt, DEVICE_CHECK_KEY, deviceCheckToken, endpointUrl } from '../support/receipt-requests.js';
import { fromBase64 } from '../support/recordings.js';

const appId = 'TEAMID1234.com.example.app';
const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;

let now: Date;
let apple: VirtualApple;
let device: VirtualDevice;
let receipt: string;

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const later = (milliseconds: number): Date => new Date(now.getTime() + milliseconds);

async function attestOnce(): Promise<string> {
  return base64(attestedReceipt(await device.attestKey(await device.generateKey(), new Uint8Array(32))));
}

beforeEach(async () => {
  now = new Date('2026-10-01T12:00:00.000Z');
  apple = await createVirtualApple({ now: () => now });
  device = await apple.createDevice({ appId });
  receipt = await attestOnce();
});

/** Sends a request as `refreshReceipt` sends it, with the given changes. */
async function post(
  endpoint: (url: string, init: RequestInit) => Promise<Response>,
  changes: { url?: string; method?: string; authorization?: string | undefined; body?: string } = {},
): Promise<Response> {
  const authorization = 'authorization' in changes ? changes.authorization : await deviceCheckToken({ issuedAt: now });
  return endpoint(changes.url ?? endpointUrl('production'), {
    method: changes.method ?? 'POST',
    headers: authorization === undefined ? {} : { authorization },
    ...(changes.method !== 'GET' && { body: changes.body ?? receipt }),
  });
}

const textOf = (receiptBytes: Uint8Array, field: number): string | undefined => {
  const value = receiptFields(receiptPayload(receiptBytes)).find(({ type }) => type === field)?.value;
  return value && Buffer.from(value).toString();
};

describe('the receipt endpoint', () => {
  it('exchanges the receipt of an attestation for a new receipt', async () => {
    now = later(HOUR);
    const response = await post(apple.receiptEndpoint());
    expect(response.status).toBe(200);

    const refreshed = fromBase64(await response.text());
    expect(textOf(refreshed, 2)).toBe(appId);
    expect(textOf(refreshed, 6)).toBe('RECEIPT');
    expect(textOf(refreshed, 7)).toBe('production');
    expect(textOf(refreshed, 12)).toBe('2026-10-01T13:00:00.000Z');
    expect(textOf(refreshed, 17)).toBe('1');
    expect(textOf(refreshed, 19)).toBe('2026-10-02T13:00:00.000Z');
    expect(textOf(refreshed, 21)).toBe('2026-12-30T13:00:00.000Z');
    expect(textOf(refreshed, 5)).toBe(textOf(fromBase64(receipt), 5));
  });

  it('returns the next receipt a day later, and 304 until then', async () => {
    const endpoint = apple.receiptEndpoint();
    const body = await (await post(endpoint)).text();
    now = later(DAY - 1);
    expect((await post(endpoint, { body })).status).toBe(304);
    now = later(1);
    expect((await post(endpoint, { body })).status).toBe(200);
  });

  it('counts the keys that the device attested within 30 days', async () => {
    const endpoint = apple.receiptEndpoint();
    const riskMetric = async () => textOf(fromBase64(await (await post(endpoint, { body: receipt })).text()), 17);
    await attestOnce();
    expect(await riskMetric()).toBe('2');

    now = later(30 * DAY);
    receipt = await attestOnce();
    expect(await riskMetric()).toBe('1');

    const keyId = await device.generateKey();
    for (const challenge of [1, 2]) await device.attestKey(keyId, new Uint8Array(32).fill(challenge));
    expect(await riskMetric()).toBe('2');

    device.riskMetric = 250;
    expect(await riskMetric()).toBe('250');
    const another = await apple.createDevice({ appId });
    expect(another.riskMetric).toBeUndefined();
  });

  it('accepts a token only if a known key signed it', async () => {
    const { keyId, publicKey } = DEVICE_CHECK_KEY;
    const endpoint = apple.receiptEndpoint({ keys: [{ teamId: 'TEAMID1234', keyId, publicKey }] });
    expect((await post(endpoint)).status).toBe(200);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(
      (await post(endpoint, { authorization: await deviceCheckToken({ privateKey, issuedAt: now }) })).status,
    ).toBe(401);
    expect(
      (await post(endpoint, { authorization: await deviceCheckToken({ keyId: 'OTHER67890', issuedAt: now }) })).status,
    ).toBe(401);
  });

  it.each([
    ['without a token', async () => undefined],
    ['with a malformed token', async () => 'token'],
    ['with a token of another team', () => deviceCheckToken({ teamId: 'OTHER12345', issuedAt: now })],
    ['with a token without a keyId', () => deviceCheckToken({ keyId: undefined, issuedAt: now })],
    ['with a token from yesterday', () => deviceCheckToken({ issuedAt: later(-DAY) })],
    ['with a token from tomorrow', () => deviceCheckToken({ issuedAt: later(DAY) })],
  ])('responds with 401 to a request %s', async (_, authorization) => {
    expect((await post(apple.receiptEndpoint(), { authorization: await authorization() })).status).toBe(401);
  });

  it.each([
    ['400', 'data that is not a receipt', { body: 'receipt' }],
    ['400', 'an empty body', { body: '' }],
    ['404', 'a receipt of the other environment', { url: endpointUrl('development') }],
    ['404', 'another host', { url: 'https://example.com/v1/attestationData' }],
    ['404', 'another path', { url: 'https://data.appattest.apple.com/' }],
    ['405', 'another method', { method: 'GET' }],
  ] as const)('responds with %s to %s', async (status, _, changes) => {
    expect(String((await post(apple.receiptEndpoint(), changes)).status)).toBe(status);
  });

  it('sends each configured response once, in order', async () => {
    const endpoint = apple.receiptEndpoint();
    endpoint.answerNext({ status: 429, retryAfter: 30 });
    endpoint.answerNext({ body: 'not base64' });
    const [busy, broken, good] = [await post(endpoint), await post(endpoint), await post(endpoint)];
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([429, '30']);
    expect([broken.status, await broken.text()]).toEqual([200, 'not base64']);
    expect([good.status, good.headers.get('retry-after')]).toEqual([200, null]);
    expect(endpoint.requests.map(({ status }) => status)).toEqual([429, 200, 200]);
    expect(endpoint.requests[0]).toMatchObject({ url: endpointUrl('production'), body: receipt });
  });

  it('can delay a response, and ignores a request whose client disconnects during the delay', async () => {
    const endpoint = apple.receiptEndpoint();
    endpoint.answerNext({ delay: 60_000 });
    const aborted = (url: string, init: RequestInit) => endpoint(url, { ...init, signal: AbortSignal.timeout(20) });
    await expect(post(aborted)).rejects.toThrow();
    expect(endpoint.requests).toEqual([]);
  });
});

describe('the receipt endpoint on a loopback address', () => {
  const http = (url: string, init: RequestInit): Promise<Response> => fetch(url, init);

  it.each(['production', 'development'] as const)(
    'responds over HTTP like the endpoint of %s',
    async (environment: Environment) => {
      const server = await apple.receiptEndpoint().listen(environment);
      try {
        expect(new URL(server.url).hostname).toBe('127.0.0.1');
        const response = await post(http, { url: server.url });
        expect(response.status).toBe(environment === 'production' ? 200 : 404);
        expect((await post(http, { url: server.url, method: 'GET' })).status).toBe(405);
      } finally {
        await server.close();
      }
      await expect(post(http, { url: server.url })).rejects.toThrow();
    },
  );

  it('responds with 304, 401 and 429 as Apple does', async () => {
    const endpoint = apple.receiptEndpoint();
    const server = await endpoint.listen();
    try {
      const body = await (await post(http, { url: server.url })).text();
      expect((await post(http, { url: server.url, body })).status).toBe(304);
      expect((await post(http, { url: server.url, authorization: undefined })).status).toBe(401);
      endpoint.answerNext({ status: 429, retryAfter: 7 });
      const busy = await post(http, { url: server.url });
      expect([busy.status, busy.headers.get('retry-after')]).toEqual([429, '7']);
    } finally {
      await server.close();
    }
  });
});

it('refreshReceipt gets a second receipt a day after the first, if the system clock is advanced', async () => {
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const privateKey = key.export({ type: 'pkcs8', format: 'pem' }).toString();
  const credentials = { teamId: 'TEAMID1234', keyId: 'ABC123DEFG', privateKey };
  const current = await createVirtualApple();
  const phone = await current.createDevice({ appId });
  const attestation = await phone.attestKey(await phone.generateKey(), new Uint8Array(32));
  const request = { environment: 'production', credentials, fetch: current.receiptEndpoint() } as const;
  const first = await refreshReceipt({ ...request, receipt: attestedReceipt(attestation) });
  if (!first.receipt) return expect.fail('the endpoint returned no receipt');
  expect(await refreshReceipt({ ...request, receipt: first.receipt })).toEqual({ notModified: true });
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + DAY + HOUR });
  try {
    expect(await refreshReceipt({ ...request, receipt: first.receipt })).toHaveProperty('receipt');
  } finally {
    vi.useRealTimers();
  }
});
