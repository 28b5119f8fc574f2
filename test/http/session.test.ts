import Fastify from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { fastifyHandlers } from '../../src/http/fastify.js';
import { type Decision, httpHandlers } from '../../src/http/index.js';
import { type AppAttestOptions, createAppAttest, memoryStores } from '../../src/server/index.js';
import { appId, backendWithDevice, createBackend, createDevice, TestClock } from '../support/backend.js';
import { Client } from '../support/http-client.js';
import type { TestServer } from '../support/http-servers.js';
import { observed } from '../support/observed-stores.js';
import { acceptedRequest, newSessionKey, sessionsWith } from '../support/session-keys.js';
import { SESSION_SERVERS, type SessionServerOptions } from '../support/session-servers.js';
import { signedHeaders } from '../support/signed-headers.js';

const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const keys = [newSessionKey()];
const bearer = (token: unknown): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** Requests a session token. */
async function exchange(client: Client) {
  const answer = await client.post('/session', '', await client.sign('POST', '/session'));
  const { token = '', expiresAt = '' }: { token?: string; expiresAt?: string } = answer.body;
  return { answer, token, expiresAt };
}

describe.each(Object.entries(SESSION_SERVERS))('sessions with %s', (_, start) => {
  async function serve(options: Partial<SessionServerOptions> = {}, backendOptions: Partial<AppAttestOptions> = {}) {
    const backend = createBackend(backendOptions);
    const decisions: Decision[] = [];
    const onDecision = (decision: Decision) => decisions.push(decision);
    const server = await start(backend, { sessions: sessionsWith({ keys }), onDecision, ...options });
    servers.push(server);
    const client = new Client(server.origin, await createDevice({ os: 'iOS 27' }));
    expect((await client.register()).status).toBe(201);
    const decided = async (route: string): Promise<Decision> => {
      await expect.poll(() => decisions.find((decision) => decision.route === route)).toBeDefined();
      const found = decisions.find((decision) => decision.route === route);
      if (!found) throw new Error('no decision was received');
      return found;
    };
    return { backend, client, origin: server.origin, decided };
  }

  it('are issued once for a signed request', async () => {
    const { client } = await serve();
    const headers = await client.sign('POST', '/session');
    const answer = await client.post('/session', '', headers);
    expect(answer).toMatchObject({
      status: 200,
      body: { token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/), expiresAt: expect.any(String) },
    });
    expect(Object.keys(answer.body)).toHaveLength(2);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(Math.abs(Date.parse(String(answer.body.expiresAt)) - Date.now() - 600_000)).toBeLessThan(10_000);
    expect(await client.post('/session', '', headers)).toMatchObject({
      status: 401,
      body: { error: 'challenge_used' },
    });
  });

  it('are issued for a body with the JSON of the plugin', async () => {
    const { client } = await serve();
    for (const payload of [`POST /session\n${await client.challenge()}\n`, await client.challenge()]) {
      const answer = await client.post('/session', JSON.stringify(await client.body(payload)), {});
      expect(answer).toMatchObject({ status: 200, body: { token: expect.any(String) } });
    }
  });

  it('are not issued without an assertion, or with an assertion for another route', async () => {
    const { client } = await serve();
    const missing = await client.post('/session', '{}', {});
    expect(missing).toMatchObject({ status: 401, body: { error: 'assertion_missing' } });
    expect(missing.headers.get('www-authenticate')).toBe('AppAttest');
    const other = await client.post('/session', '', await client.sign('POST', '/orders'));
    expect(other).toMatchObject({ status: 401, body: { error: 'invalid_signature' } });
    const payload = `POST /orders\n${await client.challenge()}\n{}`;
    const plugin = await client.post('/session', JSON.stringify(await client.body(payload)), {});
    expect(plugin).toMatchObject({ status: 401, body: { error: 'challenge_unknown' } });
  });

  it('let requests through without a signature, and pass the data of the token to the handler', async () => {
    const { client } = await serve();
    const { token, expiresAt } = await exchange(client);
    const verdict = {
      attested: true,
      key: { keyId: client.keyId, appId, environment: 'production' },
      session: {
        keyId: client.keyId,
        appId,
        environment: 'production',
        validationCategory: 4,
        issuedAt: expect.any(String),
        expiresAt,
        id: expect.any(String),
      },
    };
    for (const scheme of ['Bearer', 'bearer', 'BEARER ']) {
      const answer = await client.get('/orders?page=2', { authorization: `${scheme} ${token}` });
      expect(answer).toMatchObject({ status: 200, body: { verdict } });
      expect(answer.body).toEqual({ verdict });
    }
    const posted = await client.post('/orders', '{"item":"coffee"}', bearer(token));
    expect(posted.body).toEqual({ verdict, body: { item: 'coffee' } });
  });

  it('reject a request without a token or with an unknown token, and name the scheme Bearer', async () => {
    const { client, decided } = await serve();
    const realm = 'Bearer realm="app-attest"';
    const cases: [Record<string, string>, string, string][] = [
      [{}, 'session_missing', realm],
      [{ authorization: 'Basic YTpi' }, 'session_missing', realm],
      [{ authorization: 'Bearer' }, 'session_missing', realm],
      [{ authorization: 'Bearer a b' }, 'session_missing', realm],
      [bearer('x'), 'session_unknown', `${realm}, error="invalid_token"`],
    ];
    for (const [headers, error, scheme] of cases) {
      const answer = await client.get('/orders', headers);
      expect(answer).toMatchObject({ status: 401, body: { error } });
      expect(answer.headers.get('www-authenticate')).toBe(scheme);
      expect(answer.headers.get('cache-control')).toBe('no-store');
    }
    const decision = await decided('protectedWithSession');
    expect(decision).toMatchObject({ outcome: 'refused', code: 'session_missing', status: 401, target: '/orders' });
    expect(decision).not.toHaveProperty('keyId');
    expect(decision).not.toHaveProperty('session');
  });

  it('reject a request with a long token, and a request with an unknown token and a long body', async () => {
    const { client } = await serve();
    const long = await client.get('/orders', bearer('x'.repeat(12_000)));
    expect(long).toMatchObject({ status: 401, body: { error: 'session_unknown' } });
    const posted = await client.post('/orders', 'x'.repeat(1 << 20), bearer('x'));
    expect(posted).toMatchObject({ status: 401, body: { error: 'session_unknown' } });
    expect(await client.get('/orders', {})).toMatchObject({ status: 401 });
  });

  it('expire', async () => {
    const clock = new TestClock();
    const { client } = await serve({ sessions: sessionsWith({ keys, ttl: 60, now: clock.now }) });
    const { token } = await exchange(client);
    clock.forward(65);
    expect(await client.get('/orders', bearer(token))).toMatchObject({ status: 200 });
    clock.forward(10);
    const answer = await client.get('/orders', bearer(token));
    expect(answer).toMatchObject({ status: 401, body: { error: 'session_expired' } });
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  it('outlive the revocation of their key until they expire, but no further session is issued', async () => {
    const { backend, client } = await serve();
    const { token } = await exchange(client);
    await backend.revoke(client.keyId);
    expect(await client.get('/orders', bearer(token))).toMatchObject({ status: 200 });
    expect((await exchange(client)).answer).toMatchObject({ status: 403, body: { error: 'key_revoked' } });
  });

  it('end when their key is revoked, if revokedBefore returns the time of the revocation', async () => {
    const clock = new TestClock();
    const backend = createBackend({ now: clock.now });
    const sessions = sessionsWith({
      keys,
      now: clock.now,
      revokedBefore: async ({ keyId }) => (await backend.key(keyId))?.revokedAt,
    });
    const server = await start(backend, { sessions });
    servers.push(server);
    const client = new Client(server.origin, await createDevice());
    await client.register();
    const { token } = await exchange(client);
    expect(await client.get('/orders', bearer(token))).toMatchObject({ status: 200 });
    clock.forward(1);
    await backend.revoke(client.keyId);
    const answer = await client.get('/orders', bearer(token));
    expect(answer).toMatchObject({ status: 401, body: { error: 'session_revoked' } });
  });

  it('are rejected with status 503 if revokedBefore fails or takes too long', async () => {
    for (const revokedBefore of [
      () => Promise.reject(new Error('down')),
      () => new Promise<undefined>(() => undefined),
    ]) {
      const { client } = await serve({ sessions: sessionsWith({ keys, revokedBefore }), decisionTimeout: 0.1 });
      const { token } = await exchange(client);
      const answer = await client.get('/orders', bearer(token));
      expect(answer).toMatchObject({ status: 503, body: { error: 'unavailable' } });
      expect(answer.headers.get('retry-after')).toBe('1');
    }
  });

  it('of another server with the same keys are rejected if this server does not accept their app or environment', async () => {
    const { client } = await serve();
    const sessions = sessionsWith({ keys });
    const { key } = acceptedRequest();
    for (const [wrong, error] of [
      [{ environment: 'development' }, 'environment_mismatch'],
      [{ appId: 'TEAMID1234.com.example.other' }, 'app_id_mismatch'],
    ] as const) {
      const { token } = await sessions.issue({ key: { ...key, ...wrong } });
      const answer = await client.get('/orders', bearer(token));
      expect(answer).toMatchObject({ status: 401, body: { error } });
      expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
    }
  });

  it('are accepted only for the user that the function subject returns', async () => {
    let user: string | undefined = 'alice';
    const { client } = await serve({ subject: () => user });
    const { token } = await exchange(client);
    const answer = await client.get('/orders', bearer(token));
    expect(answer.body).toMatchObject({ verdict: { key: { subject: 'alice' }, session: { subject: 'alice' } } });
    const { token: ofNobody } = await sessionsWith({ keys }).issue(acceptedRequest());
    expect(await client.get('/orders', bearer(ofNobody))).toMatchObject({ body: { error: 'session_unknown' } });
    user = 'bob';
    expect(await client.get('/orders', bearer(token))).toMatchObject({
      status: 401,
      body: { error: 'session_unknown' },
    });
    user = undefined;
    expect(await client.get('/orders', bearer(token))).toMatchObject({
      status: 401,
      body: { error: 'subject_missing' },
    });
  });

  it('are verified without a call to a store', async () => {
    const { stores, rounds } = observed(memoryStores());
    const { client } = await serve({}, stores);
    const { token } = await exchange(client);
    rounds.length = 0;
    expect(await client.get('/orders', bearer(token))).toMatchObject({ status: 200 });
    expect(await client.get('/orders', bearer('x'))).toMatchObject({ status: 401 });
    expect(rounds).toEqual([]);
  });

  it('have decisions of their own', async () => {
    const { client, decided } = await serve();
    const { token } = await exchange(client);
    const issued = await decided('session');
    expect(issued).toMatchObject({ outcome: 'accepted', status: 200, keyId: client.keyId, environment: 'production' });
    expect(issued.key).toMatchObject({ keyId: client.keyId, counter: 1 });
    await client.get('/orders', bearer(token));
    const used = await decided('protectedWithSession');
    expect(used).toMatchObject({ outcome: 'accepted', status: 200, keyId: client.keyId, environment: 'production' });
    expect(used.session).toMatchObject({ keyId: client.keyId, id: expect.any(String) });
    expect(used).not.toHaveProperty('key');
  });

  it('let each request through unchanged in report mode, with a verdict', async () => {
    const { client, decided } = await serve({ mode: 'report' });
    const answer = await client.post('/orders', '{"item":"coffee"}', bearer('x'));
    expect(answer).toMatchObject({
      status: 200,
      body: { verdict: { attested: false, code: 'session_unknown' }, body: { item: 'coffee' } },
    });
    expect(await decided('protectedWithSession')).toMatchObject({
      outcome: 'reported',
      code: 'session_unknown',
      status: 401,
    });
    const { token } = await exchange(client);
    expect(await client.get('/orders', bearer(token))).toMatchObject({ body: { verdict: { attested: true } } });
    // The handler `session` always enforces.
    expect(await client.post('/session', '{}', {})).toMatchObject({ status: 401 });
  });

  it('are rejected if the mode function fails', async () => {
    const failing = (): 'report' => {
      throw new Error('no mode');
    };
    const { client } = await serve({ mode: failing });
    const { token } = await exchange(client);
    for (const headers of [bearer(token), bearer('x')]) {
      expect(await client.get('/orders', headers)).toMatchObject({ status: 503, body: { error: 'unavailable' } });
    }
  });

  it('have public keys that clients may cache', async () => {
    const { origin, client } = await serve();
    const response = await fetch(`${origin}/jwks`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(response.headers.get('cache-control')).toBe('public, max-age=300');
    const jwks = JSON.parse(await response.text());
    expect(jwks).toEqual(sessionsWith({ keys }).jwks());
    const { token } = await exchange(client);
    expect(await sessionsWith(jwks).verify(token)).toMatchObject({ keyId: client.keyId });
    expect((await fetch(`${origin}/jwks`, { method: 'HEAD' })).status).toBe(200);
    const posted = await client.post('/jwks', '{}', {});
    expect(posted).toMatchObject({ status: 405, body: { error: 'method_not_allowed' } });
    expect(posted.headers.get('allow')).toBe('GET, HEAD');
  });
});

describe('the route session', () => {
  it('rejects evidence of another format, and does not take its challenge', async () => {
    const formats = { other: () => ({ platform: 'android' }) };
    const backend = createAppAttest({ appId, formats });
    const { session } = httpHandlers(backend, { sessions: sessionsWith({ keys }) });
    const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ format: 'other', payload: challenge, token: 'x' });
    const response = await session(new Request('http://localhost/session', { method: 'POST', headers, body }));
    expect({ status: response.status, body: await response.json() }).toEqual({
      status: 400,
      body: { error: 'unsupported_format' },
    });
    expect(await backend.takeChallenge(challenge, { purpose: 'assertion' })).toBeUndefined();
  });

  it('adds the evidence and the key of a rejected request to the decision if capsules is true', async () => {
    const { backend, device, keyId } = await backendWithDevice();
    const decisions: Decision[] = [];
    const { session } = httpHandlers(backend, {
      sessions: sessionsWith({ keys }),
      capsules: true,
      onDecision: (decision) => decisions.push(decision),
    });
    const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
    const headers = await signedHeaders(device, keyId, { method: 'POST', target: '/other', challenge });
    expect((await session(new Request('http://localhost/session', { method: 'POST', headers }))).status).toBe(401);
    await expect.poll(() => decisions.length).toBe(1);
    expect(decisions[0]).toMatchObject({ route: 'session', key: { keyId }, evidence: { code: 'invalid_signature' } });
  });
});

describe('the handlers for sessions', () => {
  it('exist only with the option sessions', () => {
    const backend = createBackend();
    expect(Object.keys(httpHandlers(backend))).toEqual(['challenge', 'registration', 'assertion', 'protect']);
    const names = Object.keys(httpHandlers(backend, { sessions: sessionsWith({ keys }) }));
    expect(names.slice(4)).toEqual(['session', 'jwks', 'protectWithSession']);
  });

  it.each([undefined, null, {}, { verify: async () => undefined }, Promise.resolve({})])(
    'are not created if sessions is %o',
    (sessions) => {
      // @ts-expect-error a mistake that is possible only in JavaScript
      expect(() => httpHandlers(createBackend(), { sessions })).toThrow(
        expect.objectContaining({ code: 'invalid_argument' }),
      );
    },
  );

  it('pass further arguments of the framework to the handler of the application', async () => {
    const sessions = sessionsWith({ keys });
    const { protectWithSession } = httpHandlers(createBackend(), { sessions });
    const route = protectWithSession((_request, { key }, ...[context]: [{ id: string }]) => {
      return Response.json([key.keyId, context.id]);
    });
    const { token } = await sessions.issue(acceptedRequest());
    const request = new Request('http://localhost/orders/7', { headers: bearer(token) });
    expect(await (await route(request, { id: '7' })).json()).toEqual([acceptedRequest().key.keyId, '7']);
  });

  it('reject every request to a Fastify route whose hook was removed', async () => {
    const { protectWithSession } = fastifyHandlers(createBackend(), { sessions: sessionsWith({ keys }) });
    const app = Fastify();
    const { handler } = protectWithSession(async () => 'reached');
    app.get('/orders', handler);
    expect((await app.inject('/orders')).statusCode).toBe(500);
  });
});
