import { afterEach, expect, it, vi } from 'vitest';
import { httpHandlers } from '../../src/http/index.js';
import { installApp } from '../support/app-client.js';
import { createBackend } from '../support/backend.js';

const baseUrl = 'https://api.example.com';

/** Creates a server. All its routes except those for App Attest accept only the token in `state.accepted`. */
function sessionServer() {
  const { challenge, registration, protect } = httpHandlers(createBackend());
  const seen: (string | null)[] = [];
  const state = { issued: 0, accepted: 'token 1', lifetime: 600_000, holdSession: async () => {} };
  const session = protect(async () => {
    state.issued += 1;
    const token = `token ${state.issued}`;
    await state.holdSession();
    return Response.json({ token, expiresAt: new Date(Date.now() + state.lifetime) });
  });
  /** The response to a rejected token. By default, it is the response of the handlers of this package. */
  let reject = (): Response => {
    return Response.json({ error: 'session_expired' }, { status: 401, headers: { 'cache-control': 'no-store' } });
  };
  const fetch = async (url: string, init: RequestInit) => {
    const request = new Request(url, init);
    if (url.endsWith('/challenge')) return challenge(request);
    if (url.endsWith('/registration')) return registration(request);
    if (url.endsWith('/session')) return session(request);
    seen.push(request.headers.get('authorization'));
    return seen.at(-1) === `Bearer ${state.accepted}` ? new Response('read') : reject();
  };
  const rejectWith = (response: () => Response) => {
    reject = response;
  };
  return { state, seen, fetch, rejectWith };
}

afterEach(() => {
  vi.restoreAllMocks();
});

async function open() {
  const server = sessionServer();
  const { attested } = await installApp(baseUrl, { fetch: server.fetch });
  const read = () => attested.fetch('/orders', {}, { with: 'session' });
  return { ...server, attested, read };
}

it('the client requests one token for all requests', async () => {
  const { state, read } = await open();
  const responses = await Promise.all([read(), read(), read()]);
  expect(responses.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect((await read()).status).toBe(200);
  expect(state.issued).toBe(1);
});

it('the client renews the token before the token expires', async () => {
  const { state, read } = await open();
  await read();
  const now = Date.now();
  vi.spyOn(Date, 'now').mockReturnValue(now + 470_000);
  await read();
  expect(state.issued).toBe(1);
  state.accepted = 'token 2';
  vi.spyOn(Date, 'now').mockReturnValue(now + 490_000);
  expect((await Promise.all([read(), read()])).map(({ status }) => status)).toEqual([200, 200]);
  expect(state.issued).toBe(2);
});

it('the client uses a token for some seconds, even if the clock of the device is ahead', async () => {
  const { state, read } = await open();
  state.lifetime = -3_600_000;
  await read();
  await read();
  expect(state.issued).toBe(1);
});

it.each<[name: string, response: (() => Response) | undefined]>([
  ['of the handlers', undefined],
  ['of the application', () => new Response('log in', { status: 401 })],
])('the client renews the token once after status 401 %s', async (_name, response) => {
  const { state, read, rejectWith } = await open();
  if (response) rejectWith(response);
  await read();
  state.accepted = 'token 2';
  expect((await Promise.all([read(), read()])).map(({ status }) => status)).toEqual([200, 200]);
  expect(state.issued).toBe(2);
  state.accepted = 'none';
  const failed = read().then(
    ({ status }) => status,
    ({ serverCode }) => serverCode,
  );
  expect(await failed).toBe(response ? 401 : 'session_expired');
  expect(state.issued).toBe(3);
});

it('the client throws the error of another rejection, and does not renew the token', async () => {
  const { state, read, rejectWith } = await open();
  await read();
  state.accepted = 'none';
  rejectWith(() =>
    Response.json({ error: 'extension_rejected' }, { status: 403, headers: { 'cache-control': 'no-store' } }),
  );
  await expect(read()).rejects.toMatchObject({ code: 'rejected', serverCode: 'extension_rejected' });
  expect(state.issued).toBe(1);
});

it('the client requests a token again with the next request if no token was issued', async () => {
  const { state, read } = await open();
  state.holdSession = async () => {
    throw new Error('failed');
  };
  await expect(read()).rejects.toThrow();
  state.holdSession = async () => {};
  state.accepted = `token ${state.issued + 1}`;
  expect((await read()).status).toBe(200);
});

it('reset() discards the token of a renewal in progress', async () => {
  const { state, seen, attested, read } = await open();
  let release: (() => void) | undefined;
  state.holdSession = () =>
    new Promise((resolve) => {
      release = resolve;
    });
  const before = read();
  await expect.poll(() => release).toBeDefined();
  const reset = attested.reset();
  state.holdSession = async () => {};
  release?.();
  await Promise.all([before, reset]);
  state.accepted = 'token 2';
  expect((await read()).status).toBe(200);
  expect(seen).toEqual(['Bearer token 1', 'Bearer token 2']);
});

it('the client does not send an order with a token again if there is no response', async () => {
  const { fetch } = sessionServer();
  const sent = vi.fn();
  const { attested } = await installApp(baseUrl, {
    fetch: async (url, init) => {
      if (!url.endsWith('/orders')) return fetch(url, init);
      sent();
      throw new TypeError('connection lost');
    },
  });
  const order = attested.fetch('/orders', { method: 'POST', body: 'coffee' }, { with: 'session' });
  await expect(order).rejects.toMatchObject({ code: 'answer_lost' });
  expect(sent).toHaveBeenCalledTimes(1);
});
