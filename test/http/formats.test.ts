import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Decision } from '../../src/http/decision.js';
import { httpHandlers } from '../../src/http/index.js';
import { AppAttestError } from '../../src/index.js';
import { createAppAttest, memoryStores } from '../../src/server/index.js';
import { appId, apple, createDevice } from '../support/backend.js';
import { Client, challengeFrom, postJson } from '../support/http-client.js';
import { SERVERS, type TestServer } from '../support/http-servers.js';

const FORMAT = 'google-play-integrity-standard';
const keyId = 'android-standard-integrity';
const body = '{"item":"coffee"}';

describe.each(Object.entries(SERVERS))('%s, with a function for another format,', (_, start) => {
  /** The key identifiers that `find` of the key store received. */
  const asked: string[] = [];
  const decisions: Decision[] = [];
  let server: TestServer;
  beforeAll(async () => {
    const stores = memoryStores();
    const find = stores.keys.find.bind(stores.keys);
    stores.keys.find = async (keyId) => {
      asked.push(keyId);
      return find(keyId);
    };
    const appAttest = createAppAttest({
      appId,
      trustAnchors: apple.trustAnchors,
      ...stores,
      formats: {
        [FORMAT]: async ({ body: { token }, challenge, payload, subject }) => {
          if (token === 'forged') throw new AppAttestError('nonce_mismatch', 'the token was requested for other data');
          if (token === 'rooted') throw new AppAttestError('extension_rejected', 'the device is not genuine');
          if (token === 'down') throw new TypeError('fetch failed');
          if (token === 'nothing') return undefined as never;
          return { token, text: challenge ?? payload, subject };
        },
      },
    });
    server = await start(appAttest, {
      subject: () => 'alice',
      lookUpKeys: true,
      capsules: true,
      onDecision: (decision) => decisions.push(decision),
    });
  });
  afterAll(() => server.close());

  const registration = async (token: string, fields: object = {}) => {
    const challenge = await challengeFrom(server.origin, 'attestation');
    const registration = { platform: 'android', format: FORMAT, keyId, token, challenge, ...fields };
    return { challenge, answer: await postJson(`${server.origin}/registration`, registration) };
  };
  const payloadFor = async (target = '/orders') => {
    return `POST ${target}\n${await challengeFrom(server.origin, 'assertion')}\n${body}`;
  };
  const order = (payload: string, token: string, fields: object = {}) => {
    return postJson(`${server.origin}/orders`, {
      platform: 'android',
      format: FORMAT,
      keyId,
      token,
      payload,
      ...fields,
    });
  };

  it('registers devices and accepts requests of this format on the routes that also serve App Attest', async () => {
    const { answer } = await registration('genuine');
    expect(answer).toMatchObject({ status: 201, body: { keyId } });

    const payload = await payloadFor();
    expect(await order(payload, 'genuine')).toMatchObject({
      status: 200,
      body: {
        attested: { attested: true, token: 'genuine', text: payload, subject: 'alice' },
        body: { item: 'coffee' },
      },
    });
    expect(await order(payload, 'genuine')).toMatchObject({ status: 401, body: { error: 'challenge_used' } });
    const assertion = {
      format: FORMAT,
      keyId,
      token: 'genuine',
      payload: await challengeFrom(server.origin, 'assertion'),
    };
    expect(await postJson(`${server.origin}/assertion`, assertion)).toMatchObject({ status: 200, body: { keyId } });
    expect(asked).toEqual([]);
  });

  it('accepts a keyId of arrays that are nested too deeply for serialization, and responds without a keyId', async () => {
    const depth = 50_000;
    const keyId = '['.repeat(depth) + ']'.repeat(depth);
    const post = (route: string, fields: object) => {
      return fetch(`${server.origin}/${route}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ format: FORMAT, token: 'genuine', ...fields }).replace('{', `{"keyId":${keyId},`),
      });
    };
    const registered = await post('registration', { challenge: await challengeFrom(server.origin, 'attestation') });
    expect([registered.status, await registered.json()]).toEqual([201, {}]);
    const asserted = await post('assertion', { payload: await challengeFrom(server.origin, 'assertion') });
    expect([asserted.status, await asserted.json()]).toEqual([200, {}]);
  });

  it('rejects a payload with another target or method, with neither, or with a digest instead of the content', async () => {
    const other = { status: 401, body: { error: 'request_mismatch' } };
    expect(await order(await payloadFor('/refunds'), 'genuine')).toMatchObject(other);
    expect(await order((await payloadFor()).replace('POST', 'PUT'), 'genuine')).toMatchObject(other);
    expect(await order('{"item":"coffee"}', 'genuine')).toMatchObject(other);
    const digest = `sha-256=:${'A'.repeat(43)}=:`;
    expect(await order((await payloadFor()).replace(body, digest), 'genuine')).toMatchObject(other);
  });

  it.each([
    ['forged', { status: 401, body: { error: 'nonce_mismatch' } }],
    ['down', { status: 503, body: { error: 'unavailable' } }],
    ['nothing', { status: 500, body: { error: 'invalid_argument' } }],
  ])(
    'responds with an error if the function throws an error or returns no object (token "%s")',
    async (token, answer) => {
      expect((await registration(token)).answer).toMatchObject(answer);
      expect(await order(await payloadFor(), token)).toMatchObject(answer);
    },
  );

  it('rejects formats that have no function, and the format apple-app-attest on Android', async () => {
    const unsupported = { status: 400, body: { error: 'unsupported_format' } };
    for (const format of ['web-fallback', '__proto__', 'constructor', 'apple-app-attest']) {
      expect((await registration('genuine', { format })).answer).toMatchObject(unsupported);
      expect(await order(await payloadFor(), 'genuine', { format })).toMatchObject(unsupported);
    }
  });

  it('does not look up the keyId of a rejected request, even if a key with this keyId is registered', async () => {
    const client = new Client(server.origin, await createDevice());
    expect((await client.register()).status).toBe(201);
    asked.length = 0;
    await order(await payloadFor(), 'rooted', { keyId: client.keyId });
    await registration('rooted', { keyId: client.keyId });
    // The server calls onDecision after the response. Decisions of earlier tests may still arrive.
    const rooted = () => decisions.filter(({ code }) => code === 'extension_rejected');
    await expect.poll(rooted).toHaveLength(2);
    for (const decision of rooted()) {
      for (const name of ['keyId', 'key', 'device', 'evidence']) expect(decision).not.toHaveProperty(name);
    }
    expect(asked).toEqual([]);
  });

  it('gives onDecision no key for an accepted request of this format', async () => {
    decisions.length = 0;
    await order(await payloadFor(), 'genuine');
    const accepted = () => decisions.filter(({ outcome, target }) => outcome === 'accepted' && target === '/orders');
    await expect.poll(accepted).toHaveLength(1);
    expect(accepted()[0]).not.toHaveProperty('key');
  });

  it('still registers App Attest keys and accepts their requests', async () => {
    const client = new Client(server.origin, await createDevice());
    expect(await client.register()).toMatchObject({ status: 201, body: { keyId: client.keyId } });
    const headers = await client.sign('POST', '/orders', body);
    expect(await client.post('/orders', body, headers)).toMatchObject({ status: 200, body: { keyId: client.keyId } });
  });
});

it('in report mode, the handler receives the verdict about a request of another format', async () => {
  const appAttest = createAppAttest({
    appId,
    formats: {
      [FORMAT]: async ({ body: { token } }) => {
        if (token === 'genuine') return { versionCode: '42' };
        throw new AppAttestError('extension_rejected', 'the device is not genuine');
      },
    },
  });
  const { protect } = httpHandlers(appAttest, { mode: 'report' });
  const verdicts: unknown[] = [];
  const order = protect(async (request, verdict) => {
    verdicts.push(verdict);
    return Response.json(await request.json());
  });
  for (const token of ['genuine', 'rooted']) {
    const { challenge } = await appAttest.issueChallenge({ purpose: 'assertion' });
    const sent = { format: FORMAT, keyId, token, payload: `POST /orders\n${challenge}\n${body}` };
    const headers = { 'content-type': 'application/json' };
    const request = new Request('https://example.com/orders', { method: 'POST', headers, body: JSON.stringify(sent) });
    // The handler receives the body that the client sent.
    expect(await (await order(request)).json()).toEqual(sent);
  }
  expect(verdicts).toEqual([
    { attested: true, versionCode: '42' },
    { attested: false, code: 'extension_rejected' },
  ]);
});

it('the verdict about an accepted request of another format has attested: true, even if its function returns false', async () => {
  const appAttest = createAppAttest({ appId, formats: { [FORMAT]: () => ({ attested: false }) } });
  const { challenge } = await appAttest.issueChallenge({ purpose: 'assertion' });
  const sent = { format: FORMAT, payload: `POST /orders\n${challenge}\n${body}`, token: 'genuine' };
  const headers = { 'content-type': 'application/json' };
  const { protect } = httpHandlers(appAttest);
  const order = protect((_, verdict) => Response.json(verdict));
  const request = new Request('https://example.com/orders', { method: 'POST', headers, body: JSON.stringify(sent) });
  expect(await (await order(request)).json()).toEqual({ attested: true });
});
