import { afterEach, describe, expect, it } from 'vitest';
import type { AppAttestOptions } from '../../src/server/index.js';
import { createBackend, createDevice } from '../support/backend.js';
import { Client } from '../support/http-client.js';
import { SERVERS, type SharedOptions, type TestServer } from '../support/http-servers.js';
import { send } from '../support/raw-http.js';

const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

describe.each(Object.entries(SERVERS))('%s over HTTP', (_, start) => {
  /** A server with one registered device. */
  async function serve(options: SharedOptions = {}, backendOptions: Partial<AppAttestOptions> = {}) {
    const backend = createBackend(backendOptions);
    const server = await start(backend, options);
    servers.push(server);
    const client = new Client(server.origin, await createDevice());
    const registered = await client.register();
    return { backend, client, registered };
  }

  it('registers a device, once', async () => {
    const { backend, client, registered } = await serve();
    expect(registered.status).toBe(201);
    expect(registered.body).toEqual({ keyId: client.keyId });
    expect(registered.headers.get('cache-control')).toBe('no-store');
    expect(await backend.key(client.keyId)).toMatchObject({ keyId: client.keyId, counter: 0 });
  });

  it('issues challenges that say when they end', async () => {
    const { client } = await serve();
    const answer = await client.post('/challenge', '{"purpose":"assertion"}', {});
    expect(answer.status).toBe(200);
    expect(answer.body.challenge).toMatch(/^[\w-]{43}$/);
    expect(Date.parse(String(answer.body.expiresAt))).toBeGreaterThan(Date.now());
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('accepts an assertion in headers over the raw bytes of the body, once', async () => {
    const { client } = await serve();
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

  it('refuses a body that was written anew', async () => {
    const { client } = await serve();
    const body = `{"amount": 1.50, "challenge":"${await client.challenge()}"}`;
    const answer = await client.post('/orders', JSON.stringify(JSON.parse(body)), await client.headers(body));
    expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_signature' } });
    expect(answer.headers.get('www-authenticate')).toBe('AppAttest');
  });

  it("accepts the plugin's JSON, and shows the handler nothing but what was signed", async () => {
    const { client } = await serve();
    const challenge = await client.challenge();
    const signed = await client.body(JSON.stringify({ item: 'coffee', challenge }));
    const sent = JSON.stringify({ ...signed, item: 'gold', amount: 1000 });
    expect(await client.post('/orders', sent, {})).toMatchObject({
      status: 200,
      body: { counter: 1, body: { item: 'coffee', challenge } },
    });
  });

  it('takes an assertion alone, and names the key', async () => {
    const { client } = await serve();
    const body = JSON.stringify(await client.body(await client.challenge()));
    expect(await client.post('/assertion', body, {})).toMatchObject({ status: 200, body: { keyId: client.keyId } });
    expect(await client.post('/assertion', body, {})).toMatchObject({ status: 401, body: { error: 'challenge_used' } });
  });

  describe('where requests are signed', () => {
    const signed = 'request';

    it('accepts a GET with method, path, query and challenge signed', async () => {
      const { client } = await serve({ signed });
      const challenge = await client.challenge();
      const target = '/orders/7?detail=a%20b&detail=%C3%BC';
      const headers = await client.headers(`GET ${target}\n${challenge}\n`);
      const bound = { ...headers, 'x-app-attest-challenge': challenge };
      expect(await client.get(target, bound)).toMatchObject({ status: 200, body: { counter: 1 } });
      expect(await client.get(target, bound)).toMatchObject({ status: 401, body: { error: 'challenge_used' } });
    });

    it('accepts a POST with its body signed too', async () => {
      const { client } = await serve({ signed });
      const challenge = await client.challenge();
      const headers = await client.headers(`POST /orders\n${challenge}\n{"item": "coffee"}`);
      const bound = { ...headers, 'x-app-attest-challenge': challenge };
      expect(await client.post('/orders', '{"item": "coffee"}', bound)).toMatchObject({
        status: 200,
        body: { body: { item: 'coffee' } },
      });
    });

    it("accepts the plugin's JSON with these bytes as its payload", async () => {
      const { client } = await serve({ signed });
      const body = await client.body(`POST /orders\n${await client.challenge()}\n{"item":"coffee"}`);
      expect(await client.post('/orders', JSON.stringify(body), {})).toMatchObject({
        status: 200,
        body: { body: { item: 'coffee' } },
      });
      const other = await client.body(`POST /refunds\n${await client.challenge()}\n{"item":"coffee"}`);
      expect(await client.post('/orders', JSON.stringify(other), {})).toMatchObject({
        status: 401,
        body: { error: 'request_mismatch' },
      });
    });

    it.each([
      ['another path', 'GET /orders/8\n', ''],
      ['another query', 'GET /orders/7?all=1\n', ''],
      ['another method', 'POST /orders/7\n', ''],
      ['a path that means the same', 'GET /orders/./7\n', ''],
      ['a body that was left out', 'GET /orders/7\n', '{}'],
    ])('refuses %s', async (_case, opening, content) => {
      const { client } = await serve({ signed });
      const challenge = await client.challenge();
      const headers = await client.headers(`${opening}${challenge}\n${content}`);
      const answer = await client.get('/orders/7', { ...headers, 'x-app-attest-challenge': challenge });
      expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_signature' } });
    });

    it.each([
      ['none', () => ({})],
      ['one that was not signed', (other: string) => ({ 'x-app-attest-challenge': other })],
      ['the beginning of one', (other: string) => ({ 'x-app-attest-challenge': other.slice(1) })],
      ['two', (other: string) => ({ 'x-app-attest-challenge': `${other}, ${other}` })],
    ])('refuses %s as the challenge', async (_case, header) => {
      const { client } = await serve({ signed });
      const headers = await client.headers(`GET /orders/7\n${await client.challenge()}\n`);
      const { status, body } = await client.get('/orders/7', { ...headers, ...header(await client.challenge()) });
      expect(status).toBe(401);
      expect(body).toEqual({ error: expect.stringMatching(/^(invalid_signature|challenge_unknown)$/) });
    });

    it('knows where the challenge ends', async () => {
      const { client } = await serve({ signed });
      const longer = `${await client.challenge()}x`;
      const headers = await client.headers(`POST /orders\n${longer}\n{}`);
      const answer = await client.post('/orders', '{}', { ...headers, 'x-app-attest-challenge': longer });
      expect(answer).toMatchObject({ status: 401, body: { error: 'challenge_unknown' } });
    });

    it('does not move a line between header and body', async () => {
      const { client } = await serve({ signed });
      const [first, second] = [await client.challenge(), await client.challenge()];
      // Signed: the first challenge, with a body that begins with the second. Sent: everything in the body.
      const headers = await client.headers(`POST /orders\n${first}\n${second}\n{}`);
      const answer = await client.post('/orders', `${first}\n${second}\n{}`, headers);
      expect(answer).toMatchObject({ status: 401, body: { error: 'challenge_unknown' } });
    });

    it('never serves one path by a signature for another that means the same', async () => {
      const { client } = await serve({ signed });
      for (const path of ['/orders/x/../7', '/orders/./7', '//orders/7', '/orders/%37', '/orders/7?', '/ORDERS/7']) {
        const challenge = await client.challenge();
        const headers = await client.headers(`GET /orders/7\n${challenge}\n`);
        const bound = { ...headers, 'x-app-attest-challenge': challenge };
        const { status, body } = await send(client.origin, { method: 'GET', path, headers: bound });
        // A server that takes the path for the other one routes by that one, too.
        if (status === 200) expect(body.path).toBe('/orders/7');
        else expect([401, 404], path).toContain(status);
      }
    });

    it('signs the path that the client sees, where a proxy rewrites it', async () => {
      const { client } = await serve({ signed, publicTarget: (target) => `/api${target}` });
      const challenge = await client.challenge();
      const headers = await client.headers(`GET /api/orders/7\n${challenge}\n`);
      const answer = await client.get('/orders/7', { ...headers, 'x-app-attest-challenge': challenge });
      expect(answer.status).toBe(200);
    });
  });

  it('reads headers of other names', async () => {
    const { client } = await serve({ headers: { keyId: 'X-Key', assertion: 'X-Proof' } });
    const body = `{"challenge":"${await client.challenge()}"}`;
    const headers = await client.headers(body);
    expect(await client.post('/orders', body, headers)).toMatchObject({ body: { error: 'assertion_missing' } });
    const renamed = { 'x-key': client.keyId, 'x-proof': String(headers['x-app-attest-assertion']) };
    expect(await client.post('/orders', body, renamed)).toMatchObject({ status: 200 });
  });

  it('ties challenges and keys to a subject, and refuses requests without one', async () => {
    let subject: string | undefined = 'alice';
    const { backend, client } = await serve({ subject: () => subject });
    expect((await backend.key(client.keyId))?.subject).toBe('alice');
    const challenge = await client.challenge();
    subject = 'bob';
    const body = `{"challenge":"${challenge}"}`;
    expect(await client.post('/orders', body, await client.headers(body))).toMatchObject({
      status: 401,
      body: { error: 'key_unknown' },
    });
    subject = undefined;
    for (const path of ['/challenge', '/registration', '/assertion', '/orders']) {
      const sent = JSON.stringify({ ...(await client.body('x')), challenge: 'x', purpose: 'assertion' });
      expect(await client.post(path, sent, {})).toMatchObject({ status: 401, body: { error: 'subject_missing' } });
    }
  });

  it('tells a registered key from a revoked one', async () => {
    const { backend, client } = await serve();
    await backend.revoke(client.keyId);
    const body = `{"challenge":"${await client.challenge()}"}`;
    expect(await client.post('/orders', body, await client.headers(body))).toMatchObject({
      status: 403,
      body: { error: 'key_revoked' },
    });
  });
});
