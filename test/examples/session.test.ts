import { afterEach, describe, expect, it, vi } from 'vitest';
import { tokenVerifier } from '../../examples/session-gateway.js';
import { createSessionKey } from '../../examples/session-key.js';
import { revokedWithKey } from '../../examples/session-revocation.js';
import { createSessions } from '../../src/session/index.js';
import { backendWithDevice, createDevice } from '../support/backend.js';
import { trusting, useExample } from '../support/example-backend.js';
import { answerOf, Client, challengeFrom } from '../support/http-client.js';
import { serveNode, type TestServer } from '../support/http-servers.js';
import { expectCode } from '../support/rejection.js';
import { acceptedRequest } from '../support/session-keys.js';
import { signedHeaders } from '../support/signed-headers.js';

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  vi.unstubAllEnvs();
  vi.useRealTimers();
});

describe('the examples for sessions', () => {
  const keys = [createSessionKey('2026-01')];
  const options = { issuer: 'https://api.example.com', audience: 'https://api.example.com', keys };

  it('issue a token for a signed request, let it read, and let a gateway verify it', async () => {
    vi.stubEnv('SESSION_KEYS', JSON.stringify(keys));
    const { app } = await trusting(() => import('../../examples/session.js'));
    server = await serveNode(app);
    await useExample(server);
    const { origin } = server;
    const client = new Client(`${origin}/app-attest`, await createDevice());
    expect((await client.register()).status).toBe(201);
    const request = { method: 'POST', target: '/app-attest/session' };
    const challenge = await challengeFrom(client.origin, 'assertion');
    const headers = await signedHeaders(client.device, client.keyId, { ...request, challenge });
    const answer = await answerOf(await fetch(origin + request.target, { method: 'POST', headers }));
    const { token = '', expiresAt }: { token?: string; expiresAt?: string } = answer.body;
    const read = async (authorization: string) => {
      return answerOf(await fetch(`${origin}/orders/7`, { headers: { authorization } }));
    };
    expect(await read(`Bearer ${token}`)).toMatchObject({
      status: 200,
      body: { order: '7', by: client.keyId, until: expiresAt },
    });
    expect(await read('')).toMatchObject({ status: 401, body: { error: 'session_missing' } });

    const verify = tokenVerifier(new URL(`${origin}/.well-known/jwks.json`));
    expect(await verify(token)).toMatchObject({ sub: client.keyId, environment: 'production' });
    const others = [
      createSessions({ ...options, keys: [createSessionKey('2026-01')] }),
      createSessions({ ...options, issuer: 'https://other.example' }),
      createSessions({ ...options, audience: 'https://other.example' }),
      createSessions({ ...options, now: new Date('2026-01-01T00:00:00Z') }),
    ];
    for (const other of others) {
      await expect(verify((await other.issue(acceptedRequest())).token)).rejects.toThrow();
    }
  });

  it.each(['revoke', 'forget'] as const)('end the sessions of a key after %s', async (end) => {
    const { backend, keyId, request } = await backendWithDevice();
    const sessions = createSessions({ ...options, revokedBefore: revokedWithKey(backend, 5) });
    const { token } = await sessions.issue(await backend.authenticate(await request()));
    expect(await sessions.verify(token)).toMatchObject({ keyId });
    await backend[end](keyId);
    expect(await sessions.verify(token)).toMatchObject({ keyId });
    vi.useFakeTimers({ now: Date.now() + 5000, toFake: ['Date'] });
    await expectCode(() => sessions.verify(token), 'session_revoked');
  });
});
