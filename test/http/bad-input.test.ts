import { connect } from 'node:net';
import { text as readAll } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Decision } from '../../src/http/index.js';
import { createBackend, createDevice } from '../support/backend.js';
import { memoryInUse } from '../support/cost.js';
import { Client } from '../support/http-client.js';
import { SERVERS, type TestServer } from '../support/http-servers.js';
import { type RawRequest, send, sendAndLeave } from '../support/raw-http.js';
import { contentDigest } from '../support/signed-headers.js';

const MEGABYTE = 1024 * 1024;
const ROUTES = ['/challenge', '/registration', '/assertion', '/orders'];

const json = (value: unknown): Partial<RawRequest> => text(JSON.stringify(value));
const text = (body: string | Uint8Array, contentType = 'application/json'): Partial<RawRequest> => ({
  body,
  headers: { 'content-type': contentType },
});
const withHeaders = (headers: Record<string, string>, body = '{}'): Partial<RawRequest> => ({
  body,
  headers: { 'content-type': 'application/json', ...headers },
});

function* endless(chunk: string): Generator<string> {
  for (;;) yield chunk;
}

const deep = (opening: string, closing: string, depth: number): string => opening.repeat(depth) + closing.repeat(depth);

/** All fields of challenge requests, registrations and assertions. No value is valid evidence. */
const FIELDS = { purpose: 'x', keyId: 'x', challenge: 'x', payload: 'x', token: 'x' };
const allAs = (value: unknown) => Object.fromEntries(Object.keys(FIELDS).map((name) => [name, value]));
const LONE_SURROGATE = '"\\ud800"';

/** Invalid requests with the expected error codes: one code for each of the {@link ROUTES}, or one code for all routes. */
const BAD_INPUT: readonly [string, () => Partial<RawRequest>, string | readonly string[]][] = [
  [
    'a request without a body',
    () => ({}),
    ['unsupported_media_type', 'unsupported_media_type', 'assertion_missing', 'assertion_missing'],
  ],
  [
    'an empty JSON body',
    () => text(''),
    ['malformed_request', 'malformed_attestation', 'assertion_missing', 'assertion_missing'],
  ],
  ['a body of 10 MB', () => text(Buffer.alloc(10 * MEGABYTE, '[')), 'body_too_large'],
  [
    'a body of 10 MB in chunks',
    () => ({ chunks: Array(160).fill('x'.repeat(65_536)), headers: { 'content-type': 'application/json' } }),
    'body_too_large',
  ],
  [
    'a body of endless chunks',
    () => ({ chunks: endless('x'.repeat(1024)), headers: { 'content-type': 'application/json' } }),
    'body_too_large',
  ],
  ['a text body', () => text('{}', 'text/plain'), 'unsupported_media_type'],
  ['a form', () => text('purpose=assertion', 'application/x-www-form-urlencoded'), 'unsupported_media_type'],
  ['a content type that only begins like JSON', () => text('{}', 'application/jsonp'), 'unsupported_media_type'],
  [
    'a compressed body',
    () => {
      const { body, headers } = text(gzipSync('{}'));
      return { body: body ?? '', headers: { ...headers, 'content-encoding': 'gzip' } };
    },
    'unsupported_media_type',
  ],
  [
    'incomplete JSON',
    () => text('{"purpose":'),
    ['malformed_request', 'malformed_attestation', 'malformed_assertion', 'malformed_assertion'],
  ],
  [
    'a body that is not UTF-8',
    () => text(Buffer.from('{"purpose":"\xff"}', 'latin1')),
    ['malformed_request', 'malformed_attestation', 'malformed_assertion', 'malformed_assertion'],
  ],
  [
    'the JSON value null',
    () => json(null),
    ['malformed_request', 'malformed_attestation', 'malformed_assertion', 'malformed_assertion'],
  ],
  [
    'a JSON number',
    () => json(1),
    ['malformed_request', 'malformed_attestation', 'malformed_assertion', 'malformed_assertion'],
  ],
  [
    'a JSON array',
    () => json([FIELDS]),
    ['malformed_request', 'malformed_attestation', 'assertion_missing', 'assertion_missing'],
  ],
  [
    'an empty JSON object',
    () => json({}),
    ['malformed_request', 'malformed_attestation', 'assertion_missing', 'assertion_missing'],
  ],
  [
    'fields with arrays instead of strings',
    () => json(allAs(['x'])),
    ['malformed_request', 'malformed_attestation', 'malformed_assertion', 'malformed_assertion'],
  ],
  [
    'fields with objects instead of strings',
    () => json(allAs({ length: 1, toString: 'x' })),
    ['malformed_request', 'malformed_attestation', 'malformed_assertion', 'malformed_assertion'],
  ],
  [
    'a keyId that is a number',
    () => json({ ...FIELDS, keyId: 17 }),
    ['malformed_request', 'malformed_attestation', 'malformed_assertion', 'malformed_assertion'],
  ],
  [
    'fields with half a surrogate pair',
    () => text(JSON.stringify(allAs('x')).replaceAll('"x"', LONE_SURROGATE)),
    ['malformed_request', 'malformed_attestation', 'malformed_assertion', 'malformed_assertion'],
  ],
  [
    'a request of the Capacitor plugin on Android',
    () => json({ ...FIELDS, platform: 'android', format: 'google-play-integrity-standard' }),
    ['malformed_request', 'unsupported_format', 'unsupported_format', 'unsupported_format'],
  ],
  [
    'a request of the Capacitor plugin on the web',
    () => json({ ...FIELDS, platform: 'web', format: 'web-fallback' }),
    ['malformed_request', 'unsupported_format', 'unsupported_format', 'unsupported_format'],
  ],
  [
    'an unknown platform',
    () => json({ ...FIELDS, platform: 'plan9' }),
    ['malformed_request', 'unsupported_format', 'unsupported_format', 'unsupported_format'],
  ],
  [
    'a field named __proto__',
    () => text(`{"__proto__":${JSON.stringify({ ...FIELDS, purpose: 'assertion' })}}`),
    ['malformed_request', 'malformed_attestation', 'assertion_missing', 'assertion_missing'],
  ],
  [
    'a field named constructor',
    () => json({ ...FIELDS, constructor: { prototype: { polluted: true } } }),
    ['malformed_request', 'challenge_unknown', 'challenge_unknown', 'request_mismatch'],
  ],
  [
    'a keyId of deeply nested arrays',
    () => text(`{"keyId":${deep('[', ']', 450)}}`),
    ['malformed_request', 'malformed_attestation', 'malformed_assertion', 'malformed_assertion'],
  ],
  [
    'arrays that are nested as deeply as registrationLimit allows',
    () => text(deep('[', ']', 65_000)),
    ['body_too_large', 'malformed_attestation', 'assertion_missing', 'assertion_missing'],
  ],
  [
    'arrays that are nested as deeply as bodyLimit allows',
    () => text(deep('[', ']', 520_000)),
    ['body_too_large', 'body_too_large', 'assertion_missing', 'assertion_missing'],
  ],
  [
    'a challenge that was never issued',
    () => json({ ...FIELDS, challenge: 'A'.repeat(43), payload: 'A'.repeat(43) }),
    ['malformed_request', 'challenge_unknown', 'challenge_unknown', 'request_mismatch'],
  ],
  [
    'a payload that ends before its challenge',
    () => json({ ...FIELDS, payload: 'POST /orders\n' }),
    ['malformed_request', 'challenge_unknown', 'challenge_unknown', 'challenge_unknown'],
  ],
];

/** Headers without a valid assertion, with the error code that `/assertion` and `/orders` return. */
const BAD_HEADERS: readonly [string, Record<string, string>, string][] = [
  ['a key identifier without an assertion', { 'x-app-attest-key-id': 'x' }, 'malformed_assertion'],
  ['an assertion without a key identifier', { 'x-app-attest-assertion': 'x' }, 'malformed_assertion'],
  [
    'an empty key identifier and an empty assertion',
    { 'x-app-attest-key-id': '', 'x-app-attest-assertion': '' },
    'challenge_unknown',
  ],
  [
    'an assertion of 100 000 characters',
    { 'x-app-attest-key-id': 'x', 'x-app-attest-assertion': 'A'.repeat(100_000) },
    'challenge_unknown',
  ],
  [
    'a key identifier of 100 000 characters',
    { 'x-app-attest-key-id': 'A'.repeat(100_000), 'x-app-attest-assertion': 'x' },
    'challenge_unknown',
  ],
  ['an unused header of 100 000 characters', { 'x-other': 'A'.repeat(100_000) }, 'assertion_missing'],
];

const SIGNED = { 'x-app-attest-key-id': 'x', 'x-app-attest-assertion': 'x', 'x-app-attest-challenge': 'A'.repeat(43) };

/** Values of `Content-Digest` that are malformed or do not match the body `{}`, with the expected error code. */
const BAD_DIGESTS: readonly [string, string, string][] = [
  ['that is empty', '', 'malformed_request'],
  ['that contains only a digest of another algorithm', `sha-512=:${'A'.repeat(86)}==:`, 'malformed_request'],
  ['that contains two SHA-256 digests', `${contentDigest('{}')}, ${contentDigest('')}`, 'malformed_request'],
  ['whose digest is too short', 'sha-256=:AAAA:', 'malformed_request'],
  ['whose digest is base64url', `sha-256=:${'-'.repeat(43)}=:`, 'malformed_request'],
  ['of 100 000 characters', `${contentDigest('{}')}${' '.repeat(100_000)}x`, 'malformed_request'],
  ['that contains the digest of another body', contentDigest('{"a":1}'), 'challenge_unknown'],
];

describe.each(Object.entries(SERVERS))('a server with %s that receives bad input', (_, start) => {
  let server: TestServer;
  const decisions: Decision[] = [];
  beforeAll(async () => {
    const onDecision = (decision: Decision) => decisions.push(decision);
    server = await start(createBackend(), { onDecision });
  });
  afterAll(() => server.close());

  it.each(BAD_INPUT)('rejects %s with the expected code', async (_case, make, codes) => {
    for (const [index, path] of ROUTES.entries()) {
      const { status, headers, body } = await send(server.origin, { path, ...make() });
      expect(body, path).toEqual({ error: typeof codes === 'string' ? codes : codes[index] });
      expect(status, path).toBeGreaterThanOrEqual(400);
      expect(status, path).toBeLessThan(500);
      expect(headers.get('content-type')).toMatch(/^application\/json/);
      expect(headers.get('cache-control')).toBe('no-store');
    }
  });

  it.each(BAD_HEADERS)('rejects headers that contain %s, with the expected code', async (_case, headers, code) => {
    for (const path of ['/assertion', '/orders']) {
      const { status, body } = await send(server.origin, { path, ...withHeaders(headers) });
      expect({ status, body }).toEqual({ status: code === 'malformed_assertion' ? 400 : 401, body: { error: code } });
    }
  });

  it.each(BAD_DIGESTS)('rejects a Content-Digest %s, with the expected code', async (_case, digest, code) => {
    for (const path of ['/assertion', '/orders']) {
      const answer = await send(server.origin, { path, ...withHeaders({ ...SIGNED, 'content-digest': digest }) });
      expect(answer).toMatchObject({ status: code === 'malformed_request' ? 400 : 401, body: { error: code } });
    }
  });

  it('names each missing header in the error that onDecision receives', async () => {
    const all = { ...SIGNED, 'content-digest': contentDigest('{}') };
    for (const [name, shown] of [
      ['x-app-attest-key-id', 'X-App-Attest-Key-Id'],
      ['x-app-attest-assertion', 'X-App-Attest-Assertion'],
      ['x-app-attest-challenge', 'X-App-Attest-Challenge'],
      ['content-digest', 'Content-Digest'],
    ] as const) {
      decisions.length = 0;
      const { [name]: _, ...rest } = all;
      await send(server.origin, { path: '/orders', ...withHeaders(rest) });
      await expect
        .poll(() => decisions.map(({ error }) => error?.message).join())
        .toMatch(`header ${shown} is missing`);
    }
    decisions.length = 0;
    await send(server.origin, { method: 'GET', path: '/orders/7' });
    await expect
      .poll(() => decisions.map(({ error }) => error?.message).join())
      .toMatch('the headers X-App-Attest-Key-Id and X-App-Attest-Assertion are missing');
  });

  it('rejects a request with invalid headers before the body arrives', async () => {
    const client = new Client(server.origin, await createDevice());
    await client.register();
    const signed = await client.sign('POST', '/orders', '{}');
    const stranger = new Client(server.origin, await createDevice());
    stranger.keyId = await stranger.device.generateKey();
    await stranger.device.attestKey(stranger.keyId, new Uint8Array(32));
    const { 'x-app-attest-key-id': __, ...withoutKey } = signed;
    const { 'x-app-attest-assertion': ___, ...withoutAssertion } = signed;
    const cases: [Record<string, string>, string][] = [
      [withoutKey, 'malformed_assertion'],
      [withoutAssertion, 'malformed_assertion'],
      [{ ...signed, 'x-app-attest-challenge': 'x' }, 'challenge_unknown'],
      [{ ...signed, 'content-digest': 'x' }, 'malformed_request'],
      [await stranger.sign('POST', '/orders', '{}'), 'key_unknown'],
      [{ ...(await client.sign('POST', '/orders', '{}')), 'x-app-attest-assertion': '%' }, 'malformed_assertion'],
      [await client.sign('POST', '/refunds', '{}'), 'invalid_signature'],
      [{ ...(await client.sign('POST', '/orders', '{}')), 'content-digest': contentDigest('') }, 'invalid_signature'],
    ];
    for (const [headers, error] of cases) {
      const answer = await answerToHead(server.origin, { ...headers, 'content-type': 'application/json' });
      expect(answer, error).toContain(`{"error":"${error}"}`);
    }
  });

  it('serves the next request after a body that is too large, or closes the connection within 3 seconds', async () => {
    const { hostname, port } = new URL(server.origin);
    const socket = connect(Number(port), hostname);
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    const head =
      'POST /orders HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n';
    socket.write(`${head}${chunk.repeat(20)}0\r\n\r\nGET /orders/7 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    const start = performance.now();
    const answers = await readAll(socket);
    // The package @hono/node-server closes such a connection. The second response is then missing.
    expect(answers).toMatch(/^[^{]*\{"error":"body_too_large"\}([^{]*\{"error":"assertion_missing"\})?$/);
    expect(performance.now() - start).toBeLessThan(3000);
  });

  it('rejects a long assertion of a registered key as malformed, and a long key identifier as unknown', async () => {
    const client = new Client(server.origin, await createDevice());
    await client.register();
    const attempt = async (change: (headers: Record<string, string>) => Record<string, string>) => {
      const headers = change(await client.sign('POST', '/orders', '{}'));
      return (await send(server.origin, { path: '/orders', ...withHeaders(headers) })).body;
    };
    expect(await attempt((headers) => ({ ...headers, 'x-app-attest-assertion': 'A'.repeat(100_000) }))).toEqual({
      error: 'malformed_assertion',
    });
    expect(await attempt((headers) => ({ ...headers, 'x-app-attest-key-id': 'A'.repeat(100_000) }))).toEqual({
      error: 'key_unknown',
    });
  });

  it('rejects a request whose body is still incomplete after bodyTimeout', async () => {
    const impatient = await start(createBackend(), { bodyTimeout: 0.2 });
    for (const path of ROUTES) {
      const headers = { 'content-type': 'application/json', 'content-length': '100' };
      const answer = await send(impatient.origin, { path, headers, chunks: stalled() });
      expect(answer).toMatchObject({ status: 408, body: { error: 'body_timeout' } });
    }
    await impatient.close();
  });

  it('rejects a request if its connection closes before the body is complete', async () => {
    decisions.length = 0;
    const head = 'POST /orders HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{';
    await sendAndLeave(server.origin, head);
    await expect.poll(() => decisions.map(({ code }) => code)).toEqual(['body_incomplete']);
  });

  it('keeps no memory allocated for bad input', async () => {
    const round = async () => {
      for (const path of ROUTES) {
        await send(server.origin, { path, ...text(Buffer.alloc(10 * MEGABYTE, '[')) });
        await send(server.origin, {
          path,
          chunks: endless('x'.repeat(1024)),
          headers: { 'content-type': 'text/json' },
        });
      }
    };
    await round();
    decisions.length = 0;
    const before = memoryInUse();
    for (let index = 0; index < 3; index += 1) await round();
    decisions.length = 0;
    // The buffers of closed connections are released a little later.
    await expect.poll(() => (memoryInUse() - before) / MEGABYTE, { timeout: 20_000, interval: 200 }).toBeLessThan(8);
  });
});

/** Sends a request head that announces a body, sends no body, and returns the response. */
async function answerToHead(origin: string, headers: Record<string, string>): Promise<string> {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`POST /orders HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n${lines.join('')}\r\n`);
  let answer = '';
  for await (const chunk of socket) {
    answer += chunk;
    if (answer.includes('"}')) break;
  }
  return answer;
}

/** The first bytes of a body. `Content-Length` announces more bytes, which never arrive. */
function* stalled(): Generator<string> {
  yield '{"keyId":';
}
