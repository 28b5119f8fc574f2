import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { type RefreshReceiptOptions, refreshReceipt } from '../../src/index.js';
import { useReceiptExchange } from '../support/receipt-exchange.js';
import { expectCode } from '../support/rejection.js';

const exchange = useReceiptExchange();

describe('refreshReceipt', () => {
  const ec = (curve: string, type: 'pkcs8' | 'sec1'): string => {
    return generateKeyPairSync('ec', { namedCurve: curve }).privateKey.export({ format: 'pem', type }).toString();
  };
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const p256 = ec('prime256v1', 'pkcs8');
  const wrongKeys: readonly [string, unknown][] = [
    ['undefined', undefined],
    ['text that is not a key', 'key'],
    ['a key with a backslash and an n in place of each line break', p256.replaceAll('\n', '\\n')],
    ['a key without the PEM header and footer', p256.split('\n').slice(1, -2).join('\n')],
    ['a key with text before it', `Key\n${p256}`],
    ['a key with text after it', `${p256}Key\n`],
    ['a key with 40 missing characters', p256.replace(/\n.{40}/, '\n')],
    ['a key on another curve', ec('secp384r1', 'pkcs8')],
    ['a key in SEC 1 format', ec('prime256v1', 'sec1')],
    ['an RSA key', rsa.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()],
    ['a public key', rsa.publicKey.export({ format: 'pem', type: 'spki' }).toString()],
    ['the path of a file', '/etc/AuthKey_ABC123DEFG.p8'],
    ['bytes', Buffer.from(p256)],
  ];
  it.each(wrongKeys)('rejects %s as the private key, and does not quote it in the error', async (_, privateKey) => {
    const credentials = { ...exchange.options.credentials, privateKey } as RefreshReceiptOptions['credentials'];
    const error = await expectCode(() => refreshReceipt({ ...exchange.options, credentials }), 'invalid_argument');
    expect(error.cause).toBeUndefined();
    const printed = `${error.stack} ${JSON.stringify(error)}`;
    for (const line of String(privateKey).split(/\n|\\n/)) {
      if (line.length > 20 && !line.includes('-----')) expect(printed).not.toContain(line);
    }
    expect(printed).not.toContain('/etc/AuthKey');
  });

  it.each([
    ['a line break before it', (pem: string) => `\n${pem}`],
    ['no line break after it', (pem: string) => pem.trimEnd()],
    ['two line breaks after it', (pem: string) => `${pem.trimEnd()}\n\n`],
    ['Windows line breaks', (pem: string) => pem.replaceAll('\n', '\r\n')],
  ])('accepts a private key with %s', async (_, write) => {
    const credentials = { ...exchange.options.credentials, privateKey: write(exchange.options.credentials.privateKey) };
    expect(await refreshReceipt({ ...exchange.options, credentials })).toHaveProperty('receipt');
  });

  it.each([
    ['no options', undefined],
    ['no environment', { environment: undefined }],
    ['an unknown environment', { environment: 'sandbox' }],
    ['two environments', { environment: ['production', 'development'] }],
    ['no receipt', { receipt: undefined }],
    ['no credentials', { credentials: undefined }],
    ['null as the credentials', { credentials: null }],
    ['no team ID', { credentials: { keyId: 'ABC123DEFG', privateKey: p256 } }],
    ['a key identifier on two lines', { credentials: { teamId: 'TEAMID1234', keyId: 'A\nB', privateKey: p256 } }],
    ['a time limit of zero', { timeout: 0 }],
    ['a time limit that is too long for a timer', { timeout: 2_147_484 }],
    ['text as the time limit', { timeout: '10' }],
    ['a fetch that is not a function', { fetch: 'fetch' }],
    ['a signal that is not an AbortSignal', { signal: {} }],
    ['an endpoint that is not a URL', { endpoint: 'data.appattest.apple.com' }],
    [
      'an http: endpoint that is not a loopback address',
      { endpoint: 'http://data.appattest.apple.com/v1/attestationData' },
    ],
    ['an http: endpoint whose name begins like a loopback address', { endpoint: 'http://127.0.0.1.example.com/' }],
    ['an array as the endpoint', { endpoint: ['https://proxy.example.com/apple'] }],
    ['an endpoint with the protocol file:', { endpoint: 'file:///etc/passwd' }],
    ['an endpoint with a password', { endpoint: 'https://user:secret@proxy.example.com/apple' }],
    ['an endpoint with a user name', { endpoint: new URL('http://user@127.0.0.1:1/') }],
  ])('rejects a call with %s, and sends no request', async (_, change) => {
    const fetch = vi.fn();
    const all = change && { ...exchange.options, fetch, ...change };
    await expectCode(() => refreshReceipt(all as never), 'invalid_argument');
    expect(fetch).not.toHaveBeenCalled();
  });

  it('rejects an endpoint with a password, and the error does not contain the password', async () => {
    const endpoint = 'https://user:secret@proxy.example.com/apple';
    const { message } = await expectCode(() => refreshReceipt({ ...exchange.options, endpoint }), 'invalid_argument');
    expect(message).toBe('endpoint must not contain a user name or a password');
  });

  it.each([0, 2_147_484])('rejects the timeout %d with an error that states the valid values', async (timeout) => {
    const { message } = await expectCode(() => refreshReceipt({ ...exchange.options, timeout }), 'invalid_argument');
    expect(message).toBe(`timeout must be a number of seconds, greater than 0 and at most 2147483, not ${timeout}`);
  });

  it.each([
    ['null', null],
    ['text', 'credentials'],
    ['a function', () => undefined],
    [
      'an object with the private key as bytes',
      { teamId: 'TEAMID1234', keyId: 'ABC123DEFG', privateKey: Buffer.from(p256) },
    ],
  ])(
    'rejects %s as the credentials with an error that states which properties are required',
    async (_, credentials) => {
      const options = { ...exchange.options, credentials: credentials as never };
      const { message } = await expectCode(() => refreshReceipt(options), 'invalid_argument');
      expect(message).toBe('credentials must be an object with the strings teamId, keyId and privateKey');
    },
  );

  it.each([
    ['an empty text', ''],
    ['empty bytes', new Uint8Array()],
    ['invalid base64', 'receipt!'],
    ['65 537 bytes', new Uint8Array(65_537)],
  ])('rejects %s as the receipt, and sends no request', async (_, broken) => {
    const fetch = vi.fn();
    await expectCode(() => refreshReceipt({ ...exchange.options, receipt: broken, fetch }), 'malformed_receipt');
    expect(fetch).not.toHaveBeenCalled();
  });

  it('accepts the longest time limit that a timer supports', async () => {
    expect(await refreshReceipt({ ...exchange.options, timeout: 2_147_483 })).toHaveProperty('receipt');
  });

  it('accepts an endpoint that is a URL object, uses https: or has a loopback address', async () => {
    const asked: string[] = [];
    const fetch = async (url: string): Promise<Response> => {
      asked.push(url);
      return new Response(null, { status: 304 });
    };
    for (const address of [
      new URL(exchange.server.url),
      'https://proxy.example.com/apple',
      'http://localhost:1/',
      'http://[::1]:1/',
    ]) {
      await refreshReceipt({ ...exchange.options, endpoint: address, fetch });
    }
    expect(asked.length).toBe(4);
  });
});
