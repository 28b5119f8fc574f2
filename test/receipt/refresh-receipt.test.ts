import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type RefreshReceiptOptions, refreshReceipt, verifyReceipt } from '../../src/index.js';
import { DeviceCheckToken } from '../../src/receipt/device-check-token.js';
import {
  createVirtualApple,
  type ListeningServer,
  type ReceiptEndpoint,
  type VirtualApple,
} from '../../src/testing/index.js';
import { APP_ID } from '../support/evidence.js';
import { attestedReceipt } from '../support/receipt-requests.js';
import { expectCode } from '../support/rejection.js';

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;
const START = new Date('2026-10-01T12:00:00.000Z');

let now: Date;
let apple: VirtualApple;
let receipt: Uint8Array;
let endpoint: ReceiptEndpoint;
let server: ListeningServer;
let options: RefreshReceiptOptions;

const pass = (milliseconds: number): void => {
  now = new Date(now.getTime() + milliseconds);
  vi.setSystemTime(now);
};

/** A key of the developer account: a new one each time, so that no token is remembered from another test. */
function newCredentials(keyId = 'ABC123DEFG') {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  return { publicKey, credentials: { teamId: 'TEAMID1234', keyId, privateKey: pem } };
}

beforeAll(async () => {
  now = START;
  apple = await createVirtualApple({ now: () => now });
});

beforeEach(async () => {
  now = START;
  vi.useFakeTimers({ now, toFake: ['Date'] });
  const device = await apple.createDevice({ appId: APP_ID });
  receipt = attestedReceipt(await device.attestKey(await device.generateKey(), new Uint8Array(32)));
  const { publicKey, credentials } = newCredentials();
  endpoint = apple.receiptEndpoint({ keys: [{ teamId: credentials.teamId, keyId: credentials.keyId, publicKey }] });
  server = await endpoint.listen('production');
  options = { receipt, environment: 'production', credentials, endpoint: server.url };
});

afterEach(async () => {
  vi.useRealTimers();
  await server.close();
});

/** A server of our own, for what the virtual Apple never does. */
async function withServer<Result>(listener: RequestListener, run: (url: string) => Promise<Result>): Promise<Result> {
  const own: Server = createServer(listener).listen(0, '127.0.0.1');
  await once(own, 'listening');
  try {
    return await run(`http://127.0.0.1:${(own.address() as AddressInfo).port}/v1/attestationData`);
  } finally {
    own.closeAllConnections();
    own.close();
  }
}

const tokens = (): string[] => endpoint.requests.map(({ authorization }) => authorization ?? '');

describe('a receipt that is exchanged for a newer one', () => {
  it('comes back with a risk metric, genuine and about the same key', async () => {
    const { publicKey } = await verifyReceipt({ receipt, appId: APP_ID, trustAnchors: apple.receiptTrustAnchors });
    pass(HOUR);
    const refreshed = await refreshReceipt(options);
    if (!refreshed.receipt) return expect.fail('no receipt');
    expect(refreshed.receipt).toBeInstanceOf(Uint8Array);
    expect(refreshed.receipt.byteLength).toBe(refreshed.receipt.buffer.byteLength);

    const verified = await verifyReceipt({
      receipt: refreshed.receipt,
      appId: APP_ID,
      publicKey,
      maxAge: 300,
      trustAnchors: apple.receiptTrustAnchors,
    });
    expect(verified).toMatchObject({ type: 'RECEIPT', riskMetric: 1, creationTime: now });
    expect(endpoint.requests.map(({ body }) => body)).toEqual([Buffer.from(receipt).toString('base64')]);
  });

  it('is sent in base64, whatever form it has here', async () => {
    const base64 = Buffer.from(receipt).toString('base64');
    for (const form of [base64, Buffer.from(receipt).toString('base64url'), Buffer.from(receipt)]) {
      expect(await refreshReceipt({ ...options, receipt: form })).toHaveProperty('receipt');
    }
    expect(new Set(endpoint.requests.map(({ body }) => body))).toEqual(new Set([base64]));
  });

  it('may come with white space around it', async () => {
    endpoint.answerNext({ body: `\n${Buffer.from('answer').toString('base64')}\r\n` });
    expect(await refreshReceipt(options)).toEqual({ receipt: new Uint8Array(Buffer.from('answer')) });
  });

  it('is not modified until a day has passed', async () => {
    const { receipt: next } = await refreshReceipt(options);
    if (!next) return expect.fail('no receipt');
    expect(await refreshReceipt({ ...options, receipt: next })).toEqual({ notModified: true });
    pass(DAY);
    expect(await refreshReceipt({ ...options, receipt: next })).toHaveProperty('receipt');
  });

  it('goes to Apple’s server of its environment', async () => {
    const asked: string[] = [];
    const fetch = async (url: string): Promise<Response> => {
      asked.push(url);
      return new Response(null, { status: 304 });
    };
    const { endpoint: _, ...withoutEndpoint } = options;
    await refreshReceipt({ ...withoutEndpoint, fetch });
    await refreshReceipt({ ...withoutEndpoint, environment: 'development', fetch });
    expect(asked).toEqual([
      'https://data.appattest.apple.com/v1/attestationData',
      'https://data-development.appattest.apple.com/v1/attestationData',
    ]);
  });

  it('goes through the global fetch where no other is given', async () => {
    const { endpoint: _, ...withoutEndpoint } = options;
    vi.stubGlobal('fetch', apple.receiptEndpoint());
    try {
      expect(await refreshReceipt(withoutEndpoint)).toHaveProperty('receipt');
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

describe('the token', () => {
  it('is ES256 with kid, iss and iat, as Apple wants it, and signed with the key', async () => {
    const { publicKey, credentials } = newCredentials('OTHER67890');
    endpoint.answerNext({ status: 304 });
    await refreshReceipt({ ...options, credentials });
    const [token = ''] = tokens();
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', kid: 'OTHER67890' });
    expect(decodeJwt(token)).toEqual({ iss: 'TEAMID1234', iat: START.getTime() / 1000 });
    await jwtVerify(token, publicKey, { algorithms: ['ES256'] });
  });

  it('is used again for 45 minutes, and then made anew', async () => {
    for (const step of [0, 20 * 60_000, 25 * 60_000 - 1]) {
      pass(step);
      await refreshReceipt(options);
    }
    expect(new Set(tokens()).size).toBe(1);
    pass(1);
    await refreshReceipt(options);
    expect(new Set(tokens()).size).toBe(2);
    expect(endpoint.requests.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });

  it('is made once for all that ask at the same time', async () => {
    await Promise.all(Array.from({ length: 20 }, () => refreshReceipt(options)));
    expect(endpoint.requests.length).toBe(20);
    expect(new Set(tokens()).size).toBe(1);
  });

  it('is made anew after a clock was set back, and after Apple refused it', async () => {
    await refreshReceipt(options);
    pass(-HOUR);
    await refreshReceipt(options);
    expect(new Set(tokens()).size).toBe(2);

    endpoint.answerNext({ status: 401 });
    await expectCode(() => refreshReceipt(options), 'receipt_request_failed');
    // Some runtimes sign the same bytes the same way.
    pass(1000);
    await refreshReceipt(options);
    expect(tokens().at(-2)).toBe(tokens()[1]);
    expect(tokens().at(-1)).not.toBe(tokens()[1]);
  });

  it('is another one for other credentials, of which it remembers only a few', async () => {
    const team = { ...options.credentials, teamId: 'OTHER12345' };
    const key = { ...options.credentials, keyId: 'OTHER67890' };
    for (const credentials of [options.credentials, team, key, options.credentials]) {
      endpoint.answerNext({ status: 304 });
      await refreshReceipt({ ...options, credentials });
    }
    expect(new Set(tokens()).size).toBe(3);
    for (let index = 0; index < 16; index += 1) {
      endpoint.answerNext({ status: 304 });
      await refreshReceipt({ ...options, credentials: { ...options.credentials, keyId: `KEY${index}` } });
    }
    pass(1000);
    await refreshReceipt(options);
    expect(new Set(tokens()).size).toBe(3 + 16 + 1);
  });

  it('is forgotten where it could not be made', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const token = new DeviceCheckToken('TEAMID1234', 'ABC123DEFG', privateKey);
    expect(token.isCurrent()).toBe(true);
    await expect(token.jwt).rejects.toThrow();
    expect(token.isCurrent()).toBe(false);
  });
});

describe('an answer other than 200 and 304', () => {
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
  ])('of status %i is an error that says so', async (status, reason) => {
    endpoint.answerNext({ status, body: 'Because\n of it' });
    const error = await expectCode(() => refreshReceipt(options), 'receipt_request_failed');
    expect(error.message).toContain(reason);
    if (status !== 204) expect(error.message).toContain('"Because\\n of it"');
    expect([error.status, error.retryAfter]).toEqual([status, undefined]);
    expect(endpoint.requests.length).toBe(1);
  });

  it.each([
    ['', '(status 500)'],
    [' busy\r\n', '(status 500, "busy")'],
  ])('of %j is quoted as far as it says something', async (body, quoted) => {
    const fetch = async () => new Response(body, { status: 500 });
    const error = await expectCode(() => refreshReceipt({ ...options, fetch }), 'receipt_request_failed');
    expect(error.message).toContain(quoted);
  });

  it.each([
    ['what is no receipt of it', () => ({ receipt: Buffer.from('receipt') }), 400],
    ['a token of another key', () => ({ credentials: newCredentials().credentials }), 401],
    ['a token of another team', () => ({ credentials: { ...options.credentials, teamId: 'OTHER12345' } }), 401],
  ] as const)('comes from the virtual Apple for %s', async (_, change, status) => {
    const error = await expectCode(() => refreshReceipt({ ...options, ...change() }), 'receipt_request_failed');
    expect(error.status).toBe(status);
  });

  it('comes from the server of the other environment', async () => {
    const development = await endpoint.listen('development');
    try {
      const attempt = () => refreshReceipt({ ...options, endpoint: development.url });
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
  ])('may ask to come again after %s', async (header, seconds) => {
    const fetch = async () => new Response('busy', { status: 429, headers: { 'retry-after': header } });
    const error = await expectCode(() => refreshReceipt({ ...options, fetch }), 'receipt_request_failed');
    expect([error.status, error.retryAfter]).toEqual([429, seconds]);
  });

  it('says when to come again over HTTP', async () => {
    endpoint.answerNext({ status: 429, retryAfter: 30 });
    const error = await expectCode(() => refreshReceipt(options), 'receipt_request_failed');
    expect([error.status, error.retryAfter]).toEqual([429, 30]);
  });
});

describe('a broken answer', () => {
  it.each([
    ['not base64!', 'not a receipt in base64'],
    ['QQ=', 'not a receipt in base64'],
    ['<html></html>', 'not a receipt in base64'],
    ['', 'empty'],
    [' \n', 'empty'],
  ])('%j is no receipt', async (body, reason) => {
    const fetch = async () => new Response(body);
    const error = await expectCode(() => refreshReceipt({ ...options, fetch }), 'receipt_request_failed');
    expect(error.message).toContain(reason);
    expect(error.status).toBe(200);
  });

  it('is cut off where it grows beyond any receipt', async () => {
    let sent = 0;
    await withServer(
      (_, response) => {
        const more = (): void => {
          while (!response.destroyed && response.write(Buffer.alloc(16_384, 'A'))) sent += 16_384;
          if (!response.destroyed) response.once('drain', more);
        };
        more();
      },
      async (url) => {
        const error = await expectCode(() => refreshReceipt({ ...options, endpoint: url }), 'receipt_request_failed');
        expect(error.message).toContain('too long');
        expect(error.status).toBe(200);
      },
    );
    expect(sent).toBeLessThan(50_000_000);
  });

  it('may be exactly as long as the longest receipt and a line break', async () => {
    const longest = new Uint8Array(65_536).fill(0x30);
    const fetch = async () => new Response(`${Buffer.from(longest).toString('base64')}\r\n`);
    expect(await refreshReceipt({ ...options, fetch })).toEqual({ receipt: longest });
    const longer = async () => new Response(Buffer.alloc(65_540).toString('base64'));
    await expectCode(() => refreshReceipt({ ...options, fetch: longer }), 'receipt_request_failed');
  });

  it('is one whose connection breaks', async () => {
    await withServer(
      (_, response) => {
        response.write('QUJD');
        setTimeout(() => response.destroy(), 10);
      },
      async (url) => {
        const error = await expectCode(() => refreshReceipt({ ...options, endpoint: url }), 'receipt_request_failed');
        expect(error.status).toBeUndefined();
        expect(error.cause).toBeInstanceOf(Error);
      },
    );
  });

  it('is none at all where nobody listens', async () => {
    const closed = await endpoint.listen();
    await closed.close();
    const attempt = () => refreshReceipt({ ...options, endpoint: closed.url });
    expect((await expectCode(attempt, 'receipt_request_failed')).cause).toBeInstanceOf(Error);
  });

  it('is not followed to another address, whither the token must not go', async () => {
    let followed = false;
    await withServer(
      (_, response) => {
        followed = true;
        response.end();
      },
      (elsewhere) =>
        withServer(
          (_, response) => response.writeHead(307, { location: elsewhere }).end(),
          async (url) => {
            const attempt = () => refreshReceipt({ ...options, endpoint: url });
            expect((await expectCode(attempt, 'receipt_request_failed')).status).toBe(307);
          },
        ),
    );
    expect(followed).toBe(false);
  });
});

describe('a slow answer', () => {
  const endless = (): Promise<Response> => new Promise(() => undefined);

  it('is not waited for when the time is up', async () => {
    endpoint.answerNext({ delay: 60_000 });
    const error = await expectCode(() => refreshReceipt({ ...options, timeout: 0.05 }), 'receipt_request_failed');
    expect(error.cause).toMatchObject({ name: 'TimeoutError' });
    expect(endpoint.requests).toEqual([]);
  });

  it('is cut off, so that nothing goes on behind the caller’s back', async () => {
    let closed: Promise<unknown> | undefined;
    await withServer(
      (_, response) => {
        closed = once(response, 'close');
      },
      async (url) => {
        await expectCode(() => refreshReceipt({ ...options, endpoint: url, timeout: 2 }), 'receipt_request_failed');
        await closed;
      },
    );
    expect(closed).toBeDefined();
  });

  it('is not waited for when it stops in the middle', async () => {
    await withServer(
      (_, response) => response.write('QUJD'),
      async (url) => {
        const attempt = () => refreshReceipt({ ...options, endpoint: url, timeout: 0.2 });
        expect((await expectCode(attempt, 'receipt_request_failed')).cause).toMatchObject({ name: 'TimeoutError' });
      },
    );
  });

  it('is not waited for when the caller no longer waits', async () => {
    const controller = new AbortController();
    const reason = new Error('the queue shuts down');
    endpoint.answerNext({ delay: 60_000 });
    setTimeout(() => controller.abort(reason), 20);
    const { signal } = controller;
    const error = await expectCode(() => refreshReceipt({ ...options, signal }), 'receipt_request_failed');
    expect(error.cause).toBe(reason);
  });

  it('is not asked for by a caller who no longer waits', async () => {
    const reason = new Error('too late');
    const fetch = vi.fn(endless);
    const attempt = () => refreshReceipt({ ...options, fetch, signal: AbortSignal.abort(reason) });
    expect((await expectCode(attempt, 'receipt_request_failed')).cause).toBe(reason);
  });

  it('is not waited for even where fetch does not care about signals', async () => {
    await expectCode(() => refreshReceipt({ ...options, fetch: endless, timeout: 0.02 }), 'receipt_request_failed');
  });

  it('leaves nothing behind on a signal that lives on', async () => {
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    await refreshReceipt({ ...options, signal });
    expect(added).toHaveBeenCalledTimes(1);
    expect(removed.mock.calls[0]).toEqual(added.mock.calls[0]?.slice(0, 2));
  });
});

describe('refreshReceipt', () => {
  const ec = (curve: string, type: 'pkcs8' | 'sec1'): string => {
    return generateKeyPairSync('ec', { namedCurve: curve }).privateKey.export({ format: 'pem', type }).toString();
  };
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const p256 = ec('prime256v1', 'pkcs8');
  const wrongKeys: readonly [string, unknown][] = [
    ['nothing', undefined],
    ['no key', 'key'],
    ['the key without its line breaks', p256.replaceAll('\n', '\\n')],
    ['the key without its frame', p256.split('\n').slice(1, -2).join('\n')],
    ['a key with text before it', `Key\n${p256}`],
    ['a key with text behind it', `${p256}Key\n`],
    ['half a key', p256.replace(/\n.{40}/, '\n')],
    ['a key of another curve', ec('secp384r1', 'pkcs8')],
    ['a key in another format', ec('prime256v1', 'sec1')],
    ['an RSA key', rsa.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()],
    ['a public key', rsa.publicKey.export({ format: 'pem', type: 'spki' }).toString()],
    ['a path', '/etc/AuthKey_ABC123DEFG.p8'],
    ['bytes', Buffer.from(p256)],
  ];
  it.each(wrongKeys)('asks for a better private key than %s, and does not print it', async (_, privateKey) => {
    const credentials = { ...options.credentials, privateKey } as RefreshReceiptOptions['credentials'];
    const error = await expectCode(() => refreshReceipt({ ...options, credentials }), 'invalid_argument');
    expect(error.cause).toBeUndefined();
    const printed = `${error.stack} ${JSON.stringify(error)}`;
    for (const line of String(privateKey).split(/\n|\\n/)) {
      if (line.length > 20 && !line.includes('-----')) expect(printed).not.toContain(line);
    }
    expect(printed).not.toContain('/etc/AuthKey');
  });

  it.each([
    ['a line break before it', (pem: string) => `\n${pem}`],
    ['no line break behind it', (pem: string) => pem.trimEnd()],
    ['two line breaks behind it', (pem: string) => `${pem.trimEnd()}\n\n`],
    ['the line breaks of Windows', (pem: string) => pem.replaceAll('\n', '\r\n')],
  ])('takes a private key with %s', async (_, write) => {
    const credentials = { ...options.credentials, privateKey: write(options.credentials.privateKey) };
    expect(await refreshReceipt({ ...options, credentials })).toHaveProperty('receipt');
  });

  it.each([
    ['no options', undefined],
    ['no environment', { environment: undefined }],
    ['an unknown environment', { environment: 'sandbox' }],
    ['both environments', { environment: ['production', 'development'] }],
    ['no receipt', { receipt: undefined }],
    ['no credentials', { credentials: undefined }],
    ['credentials that are null', { credentials: null }],
    ['no team', { credentials: { keyId: 'ABC123DEFG', privateKey: p256 } }],
    ['a key identifier of two lines', { credentials: { teamId: 'TEAMID1234', keyId: 'A\nB', privateKey: p256 } }],
    ['a time limit of nothing', { timeout: 0 }],
    ['a time limit that no timer has', { timeout: 2_147_484 }],
    ['a time limit in text', { timeout: '10' }],
    ['a fetch that is none', { fetch: 'fetch' }],
    ['a signal that is none', { signal: {} }],
    ['no address', { endpoint: 'data.appattest.apple.com' }],
    ['an address without TLS', { endpoint: 'http://data.appattest.apple.com/v1/attestationData' }],
    ['an address that only begins like a loopback one', { endpoint: 'http://127.0.0.1.example.com/' }],
    ['an address in a list', { endpoint: ['https://proxy.example.com/apple'] }],
    ['an address of another kind', { endpoint: 'file:///etc/passwd' }],
  ])('asks for better options than %s, and asks nobody else', async (_, change) => {
    const fetch = vi.fn();
    const all = change && { ...options, fetch, ...change };
    await expectCode(() => refreshReceipt(all as never), 'invalid_argument');
    expect(fetch).not.toHaveBeenCalled();
  });

  it.each([
    ['nothing', ''],
    ['no bytes', new Uint8Array()],
    ['no base64', 'receipt!'],
    ['65 537 bytes', new Uint8Array(65_537)],
  ])('does not send %s', async (_, broken) => {
    const fetch = vi.fn();
    await expectCode(() => refreshReceipt({ ...options, receipt: broken, fetch }), 'malformed_receipt');
    expect(fetch).not.toHaveBeenCalled();
  });

  it('takes the longest time limit that a timer has', async () => {
    expect(await refreshReceipt({ ...options, timeout: 2_147_483 })).toHaveProperty('receipt');
  });

  it('takes an address as a URL, and with TLS', async () => {
    const asked: string[] = [];
    const fetch = async (url: string): Promise<Response> => {
      asked.push(url);
      return new Response(null, { status: 304 });
    };
    for (const address of [
      new URL(server.url),
      'https://proxy.example.com/apple',
      'http://localhost:1/',
      'http://[::1]:1/',
    ]) {
      await refreshReceipt({ ...options, endpoint: address, fetch });
    }
    expect(asked.length).toBe(4);
  });
});
