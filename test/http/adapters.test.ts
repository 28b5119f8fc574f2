import { afterEach, describe, expect, it } from 'vitest';
import type { AppAttestOptions } from '../../src/server/index.js';
import { createBackend, createDevice } from '../support/backend.js';
import { Client } from '../support/http-client.js';
import { SERVERS, type SharedOptions, type TestServer } from '../support/http-servers.js';
import { send } from '../support/raw-http.js';
import { contentDigest, signedHeaders } from '../support/signed-headers.js';

const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

describe.each(Object.entries(SERVERS))('%s over HTTP', (_, start) => {
  /** Starts a server with one registered device. */
  async function serve(options: SharedOptions = {}, backendOptions: Partial<AppAttestOptions> = {}) {
    const backend = createBackend(backendOptions);
    const server = await start(backend, options);
    servers.push(server);
    const client = new Client(server.origin, await createDevice());
    const registered = await client.register();
    return { backend, client, registered };
  }

  it('registers a device, and stores its key with counter 0', async () => {
    const { backend, client, registered } = await serve();
    expect(registered.status).toBe(201);
    expect(registered.body).toEqual({ keyId: client.keyId });
    expect(registered.headers.get('cache-control')).toBe('no-store');
    expect(await backend.key(client.keyId)).toMatchObject({ keyId: client.keyId, counter: 0 });
  });

  it('issues challenges with their expiration time', async () => {
    const { client } = await serve();
    const answer = await client.post('/challenge', '{"purpose":"assertion"}', {});
    expect(answer.status).toBe(200);
    expect(answer.body.challenge).toMatch(/^[\w-]{43}$/);
    expect(Date.parse(String(answer.body.expiresAt))).toBeGreaterThan(Date.now());
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('accepts a GET request with signed method, path, query and challenge, and rejects its replay', async () => {
    const { client } = await serve();
    const target = '/orders/7?detail=a%20b&detail=%C3%BC';
    const headers = await client.sign('GET', target);
    expect(await client.get(target, headers)).toMatchObject({ status: 200, body: { counter: 1 } });
    expect(await client.get(target, headers)).toMatchObject({ status: 401, body: { error: 'challenge_used' } });
  });

  it('accepts a POST request with a signed digest of its body, and rejects its replay', async () => {
    const { client } = await serve();
    const body = '{ "amount" : 1.50,\n\t"item":"\\u0063offee ☕" }\n';
    const headers = await client.sign('POST', '/orders', body);
    const challenge = headers['x-app-attest-challenge'];
    expect(await client.post('/orders', body, headers)).toMatchObject({
      status: 200,
      body: {
        keyId: client.keyId,
        counter: 1,
        payload: `POST /orders\n${challenge}\n${contentDigest(body)}`,
        body: { amount: 1.5, item: 'coffee ☕' },
      },
    });
    expect(await client.post('/orders', body, headers)).toMatchObject({
      status: 401,
      body: { error: 'challenge_used' },
    });
  });

  it('accepts a request without a body, with or without Content-Digest, if the digest of zero bytes is signed', async () => {
    const { client } = await serve();
    for (const body of ['', undefined]) {
      const headers = await client.sign('GET', '/orders/7', body);
      expect(await client.get('/orders/7', headers)).toMatchObject({ status: 200 });
    }
  });

  it('accepts a Content-Digest with the digests of two algorithms only if the app signed exactly this value', async () => {
    const { client } = await serve();
    const challenge = await client.challenge();
    const digest = `sha-512=:AAAA:,  ${contentDigest('{}')}`;
    const headers = {
      ...(await client.headers(`POST /orders\n${challenge}\n${digest}`)),
      'x-app-attest-challenge': challenge,
      'content-digest': digest,
    };
    const changed = { ...headers, 'content-digest': contentDigest('{}') };
    expect(await client.post('/orders', '{}', changed)).toMatchObject({ body: { error: 'invalid_signature' } });
    const again = await client.challenge();
    const signed = await client.headers(`POST /orders\n${again}\n${digest}`);
    expect(
      await client.post('/orders', '{}', { ...headers, ...signed, 'x-app-attest-challenge': again }),
    ).toMatchObject({ status: 200 });
  });

  it('rejects a body that was serialized again after it was signed, and uses up the challenge', async () => {
    const { client } = await serve();
    const body = '{"amount": 1.50}';
    const headers = await client.sign('POST', '/orders', body);
    const answer = await client.post('/orders', JSON.stringify(JSON.parse(body)), headers);
    expect(answer).toMatchObject({ status: 401, body: { error: 'request_mismatch' } });
    expect(answer.headers.get('www-authenticate')).toBe('AppAttest');
    expect(await client.post('/orders', body, headers)).toMatchObject({ body: { error: 'challenge_used' } });
  });

  it.each([
    ['another path', 'GET', '/orders/8'],
    ['another query', 'GET', '/orders/7?all=1'],
    ['another method', 'POST', '/orders/7'],
    ['an equivalent path', 'GET', '/orders/./7'],
  ])('rejects a signature for %s', async (_case, method, target) => {
    const { client } = await serve();
    const answer = await client.get('/orders/7', await client.sign(method, target));
    expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_signature' } });
  });

  it('rejects a request whose body was removed, added, or replaced together with its digest', async () => {
    const { client } = await serve();
    const leftOut = await client.sign('GET', '/orders/7', '{}');
    expect(await client.get('/orders/7', leftOut)).toMatchObject({ status: 401, body: { error: 'request_mismatch' } });
    const added = await client.sign('POST', '/orders');
    expect(await client.post('/orders', '{}', added)).toMatchObject({
      status: 401,
      body: { error: 'request_mismatch' },
    });
    const unannounced = await send(client.origin, {
      path: '/orders',
      headers: await client.sign('POST', '/orders'),
      chunks: ['{}'],
    });
    expect(unannounced).toMatchObject({ status: 401, body: { error: 'request_mismatch' } });
    const replaced = await client.sign('POST', '/orders', '{"item":"coffee"}');
    expect(await client.post('/orders', '{}', { ...replaced, 'content-digest': contentDigest('{}') })).toMatchObject({
      status: 401,
      body: { error: 'invalid_signature' },
    });
  });

  it('accepts a body that is not JSON', async () => {
    const { client } = await serve();
    for (const body of [Uint8Array.of(0, 0xff, 0x0a, 0x80), 'item=coffee', '\n']) {
      const headers = await client.sign('POST', '/echo', body);
      const answer = await client.post('/echo', body, { ...headers, 'content-type': 'application/octet-stream' });
      expect(answer).toMatchObject({ status: 200, body: { length: body.length } });
    }
  });

  it.each([
    ['an empty challenge', () => ({ 'x-app-attest-challenge': '' })],
    ['a challenge that was not signed', (other: string) => ({ 'x-app-attest-challenge': other })],
    ['a challenge without its first character', (other: string) => ({ 'x-app-attest-challenge': other.slice(1) })],
    ['two challenges', (other: string) => ({ 'x-app-attest-challenge': `${other}, ${other}` })],
  ])('rejects a header with %s', async (_case, header) => {
    const { client } = await serve();
    const headers = await client.sign('GET', '/orders/7');
    const { status, body } = await client.get('/orders/7', { ...headers, ...header(await client.challenge()) });
    expect(status).toBe(401);
    expect(body).toEqual({ error: expect.stringMatching(/^(invalid_signature|challenge_unknown)$/) });
  });

  it('rejects a challenge with an additional character at its end', async () => {
    const { client } = await serve();
    const challenge = `${await client.challenge()}x`;
    const headers = await signedHeaders(client.device, client.keyId, {
      method: 'POST',
      target: '/orders',
      body: '{}',
      challenge,
    });
    const answer = await client.post('/orders', '{}', headers);
    expect(answer).toMatchObject({ status: 401, body: { error: 'challenge_unknown' } });
  });

  it('accepts a request with an equivalent path only if the handler receives the signed path', async () => {
    const { client } = await serve();
    for (const path of ['/orders/x/../7', '/orders/./7', '//orders/7', '/orders/%37', '/orders/7?', '/ORDERS/7']) {
      const headers = await client.sign('GET', '/orders/7');
      const { status, body } = await send(client.origin, { method: 'GET', path, headers });
      // Some servers normalize the path before protect verifies the request. The handler then receives the signed path.
      if (status === 200) expect(body.path).toBe('/orders/7');
      else expect([401, 404], path).toContain(status);
    }
  });

  it('accepts a request if publicTarget restores the path that the client signed', async () => {
    const { client } = await serve({ publicTarget: (target) => `/api${target}` });
    const answer = await client.get('/orders/7', await client.sign('GET', '/api/orders/7'));
    expect(answer.status).toBe(200);
  });

  describe('with JSON of the Capacitor plugin in the body', () => {
    const content = '{"item":"coffee"}';
    const payload = async (client: Client, opening = 'POST /orders') =>
      `${opening}\n${await client.challenge()}\n${content}`;

    it('gives the handler only the signed content', async () => {
      const { client } = await serve();
      const signed = await client.body(await payload(client));
      const sent = JSON.stringify({ ...signed, item: 'gold', amount: 1000 });
      expect(await client.post('/orders', sent, {})).toMatchObject({
        status: 200,
        body: { counter: 1, body: { item: 'coffee' } },
      });
    });

    it('rejects a payload for another method or target', async () => {
      const { client } = await serve();
      for (const opening of ['POST /refunds', 'PUT /orders', 'POST /orders?all=1']) {
        const other = JSON.stringify(await client.body(await payload(client, opening)));
        expect(await client.post('/orders', other, {})).toMatchObject({
          status: 401,
          body: { error: 'request_mismatch' },
        });
      }
    });

    it('rejects a payload that does not begin with method and target, except on the assertion route', async () => {
      const { client } = await serve();
      const bare = async () => JSON.stringify(await client.body(await client.challenge()));
      const json = async () => JSON.stringify(await client.body(`{"challenge":"${await client.challenge()}"}`));
      for (const make of [bare, json]) {
        expect(await client.post('/orders', await make(), {})).toMatchObject({ body: { error: 'request_mismatch' } });
        const sent = await make();
        expect(await client.post('/assertion', sent, {})).toMatchObject({ status: 200, body: { keyId: client.keyId } });
        expect(await client.post('/assertion', sent, {})).toMatchObject({ body: { error: 'challenge_used' } });
      }
      const bound = JSON.stringify(await client.body(await payload(client, 'POST /assertion')));
      expect(await client.post('/assertion', bound, {})).toMatchObject({ status: 200 });
      const other = JSON.stringify(await client.body(await payload(client)));
      expect(await client.post('/assertion', other, {})).toMatchObject({ body: { error: 'challenge_unknown' } });
    });

    it('rejects a payload with a digest instead of the content', async () => {
      const { client } = await serve();
      const challenge = await client.challenge();
      const signed = await client.body(`POST /orders\n${challenge}\n${contentDigest('{"item":"coffee"}')}`);
      expect(await client.post('/orders', JSON.stringify(signed), {})).toMatchObject({
        status: 401,
        body: { error: 'request_mismatch' },
      });
    });
  });

  it('accepts an assertion in headers with an empty body on the assertion route, and returns the key identifier', async () => {
    const { client } = await serve();
    const headers = await client.sign('POST', '/assertion', '');
    expect(await client.post('/assertion', '', headers)).toMatchObject({ status: 200, body: { keyId: client.keyId } });
  });

  describe("with signed: 'body'", () => {
    const signed = 'body';

    it('accepts a request whose assertion in the headers signs the raw bytes of the body, and rejects its replay', async () => {
      const { client } = await serve({ signed });
      const challenge = await client.challenge();
      const body = `{ "amount" : 1.50,\n\t"item":"\\u0063offee ☕", "challenge":"${challenge}" }\n`;
      const headers = await client.headers(body);
      expect(await client.post('/orders', body, headers)).toMatchObject({
        status: 200,
        body: {
          keyId: client.keyId,
          counter: 1,
          payload: Buffer.from(body).toString('latin1'),
          body: { amount: 1.5, item: 'coffee ☕', challenge },
        },
      });
      expect(await client.post('/orders', body, headers)).toMatchObject({
        status: 401,
        body: { error: 'challenge_used' },
      });
    });

    it('rejects a body that was serialized again after it was signed', async () => {
      const { client } = await serve({ signed });
      const body = `{"amount": 1.50, "challenge":"${await client.challenge()}"}`;
      const answer = await client.post('/orders', JSON.stringify(JSON.parse(body)), await client.headers(body));
      expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_signature' } });
    });

    it('accepts JSON of the Capacitor plugin, and gives the handler only the signed content', async () => {
      const { client } = await serve({ signed });
      const challenge = await client.challenge();
      const body = await client.body(JSON.stringify({ item: 'coffee', challenge }));
      const sent = JSON.stringify({ ...body, item: 'gold', amount: 1000 });
      expect(await client.post('/orders', sent, {})).toMatchObject({
        status: 200,
        body: { counter: 1, body: { item: 'coffee', challenge } },
      });
    });
  });

  it('reads the headers with the configured names, and ignores the headers with the default names', async () => {
    const { client } = await serve({ headers: { keyId: 'X-Key', assertion: 'X-Proof', challenge: 'X-Nonce' } });
    const headers = await client.sign('POST', '/orders', '{}');
    expect(await client.post('/orders', '{}', headers)).toMatchObject({ body: { error: 'assertion_missing' } });
    const renamed = {
      'x-key': client.keyId,
      'x-proof': String(headers['x-app-attest-assertion']),
      'x-nonce': String(headers['x-app-attest-challenge']),
      'content-digest': String(headers['content-digest']),
    };
    expect(await client.post('/orders', '{}', renamed)).toMatchObject({ status: 200 });
  });

  it('binds a key to its user, and rejects requests of another user and requests without a user', async () => {
    let subject: string | undefined = 'alice';
    const { backend, client } = await serve({ subject: () => subject });
    expect((await backend.key(client.keyId))?.subject).toBe('alice');
    const headers = await client.sign('POST', '/orders', '{}');
    subject = 'bob';
    expect(await client.post('/orders', '{}', headers)).toMatchObject({
      status: 401,
      body: { error: 'key_unknown' },
    });
    subject = undefined;
    for (const path of ['/challenge', '/registration', '/assertion', '/orders']) {
      const sent = JSON.stringify({ ...(await client.body(`POST ${path}\nx`)), challenge: 'x', purpose: 'assertion' });
      expect(await client.post(path, sent, {})).toMatchObject({ status: 401, body: { error: 'subject_missing' } });
    }
  });

  it('rejects a request that is signed with a revoked key', async () => {
    const { backend, client } = await serve();
    await backend.revoke(client.keyId);
    expect(await client.get('/orders/7', await client.sign('GET', '/orders/7'))).toMatchObject({
      status: 403,
      body: { error: 'key_revoked' },
    });
  });
});
