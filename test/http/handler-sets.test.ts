import express from 'express';
import { describe, expect, it } from 'vitest';
import { expressHandlers } from '../../src/http/express.js';
import { httpHandlers } from '../../src/http/index.js';
import { createBackend, createDevice } from '../support/backend.js';
import { answerOf, postJson } from '../support/http-client.js';
import { serveNode } from '../support/http-servers.js';
import { signedHeaders } from '../support/signed-headers.js';

type Set = 'anyone' | 'alice' | 'bob';

/** One backend with three sets of handlers: `anyone` has no option `subject`. `alice` and `bob` serve one user each. */
async function setsOfOneBackend() {
  const backend = createBackend();
  const device = await createDevice();
  const sets = {
    anyone: httpHandlers(backend),
    alice: httpHandlers(backend, { subject: () => 'alice' }),
    bob: httpHandlers(backend, { subject: () => 'bob' }),
  };
  const post = (path: string, body: object) => {
    const headers = { 'content-type': 'application/json' };
    return new Request(`http://localhost${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  };
  const resultOf = async (response: Response): Promise<string> => {
    const { error } = (await answerOf(response)).body;
    return error ?? 'accepted';
  };
  const challengeOf = async (set: Set, purpose: 'attestation' | 'assertion'): Promise<string> => {
    const { body } = await answerOf(await sets[set].challenge(post('/challenge', { purpose })));
    return String(body.challenge);
  };
  return {
    /** Registers a key on the routes of `set`, with a challenge from `issuer`. Returns `'accepted'` or the error code. */
    async register(keyId: string, set: Set, issuer: Set): Promise<string> {
      const challenge = await challengeOf(issuer, 'attestation');
      const body = await device.capacitor.createAttestation({ keyId, challenge });
      return resultOf(await sets[set].registration(post('/registration', body)));
    },
    /** Sends a request to a route of `set`, with a challenge from `issuer`. Returns `'accepted'` or the error code. */
    async send(keyId: string, set: Set, issuer: Set): Promise<string> {
      const challenge = await challengeOf(issuer, 'assertion');
      const headers = await signedHeaders(device, keyId, { method: 'GET', target: '/me', challenge });
      const route = sets[set].protect((_request, { key }) => Response.json({ keyId: key.keyId }));
      return resultOf(await route(new Request('http://localhost/me', { headers })));
    },
    newKey: () => device.generateKey(),
    bind: (keyId: string, user: string) => backend.bind(keyId, user),
  };
}

describe('with several sets of handlers for one backend,', () => {
  it.each([
    ['anyone', 'anyone', 'accepted'],
    ['alice', 'anyone', 'accepted'],
    ['alice', 'alice', 'accepted'],
    ['alice', 'bob', 'challenge_unknown'],
    ['anyone', 'bob', 'challenge_unknown'],
  ] as const)(
    'a registration on the route of the set %s with a challenge from the set %s has the result %s',
    async (set, issuer, result) => {
      const { newKey, register } = await setsOfOneBackend();
      expect(await register(await newKey(), set, issuer)).toBe(result);
    },
  );

  it.each([
    ['no user', 'anyone', 'anyone', 'accepted'],
    ['no user', 'anyone', 'alice', 'challenge_unknown'],
    ['no user', 'alice', 'anyone', 'key_unknown'],
    ['alice', 'anyone', 'anyone', 'accepted'],
    ['alice', 'anyone', 'alice', 'accepted'],
    ['alice', 'anyone', 'bob', 'challenge_unknown'],
    ['alice', 'alice', 'anyone', 'accepted'],
    ['alice', 'alice', 'alice', 'accepted'],
    ['alice', 'alice', 'bob', 'challenge_unknown'],
    ['alice', 'bob', 'anyone', 'key_unknown'],
  ] as const)(
    'a request with a key that belongs to %s, on a route of the set %s, with a challenge from the set %s, has the result %s',
    async (...row) => {
      const [owner, set, issuer, result] = row;
      const { newKey, register, send, bind } = await setsOfOneBackend();
      const keyId = await newKey();
      expect(await register(keyId, 'anyone', 'anyone')).toBe('accepted');
      if (owner === 'alice') await bind(keyId, owner);
      expect(await send(keyId, set, issuer)).toBe(result);
    },
  );

  it.each([
    ['no user', 'anyone', 'accepted'],
    ['no user', 'alice', 'key_already_registered'],
    ['alice', 'anyone', 'key_already_registered'],
    ['alice', 'alice', 'accepted'],
    ['alice', 'bob', 'key_already_registered'],
  ] as const)(
    'a repeated registration of a key that belongs to %s, on the route of the set %s, has the result %s',
    async (owner, set, result) => {
      const { newKey, register } = await setsOfOneBackend();
      const keyId = await newKey();
      expect(await register(keyId, owner === 'alice' ? owner : 'anyone', 'anyone')).toBe('accepted');
      expect(await register(keyId, set, 'anyone')).toBe(result);
    },
  );
});

it('with one set of handlers for each mode, a route is enforced regardless of how the client writes its path', async () => {
  const backend = createBackend();
  const enforced = expressHandlers(backend);
  const reported = expressHandlers(backend, { mode: 'report' });
  const app = express();
  app.post('/payments', enforced.protect, (_request, response) => void response.json({}));
  app.post('/orders', reported.protect, (_request, response) => void response.json({}));
  const server = await serveNode(app);
  try {
    for (const path of ['/payments', '/PAYMENTS', '/payments/', '/Payments/?x']) {
      const { status } = await postJson(server.origin + path, {});
      expect({ path, status }).toEqual({ path, status: 401 });
    }
    expect((await postJson(`${server.origin}/orders`, {})).status).toBe(200);
  } finally {
    await server.close();
  }
});
