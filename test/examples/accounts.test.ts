import { AppAttest } from '@capgo/capacitor-app-attest';
import express from 'express';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Accounts, accountRoutes } from '../../examples/accounts.js';
import { attestedFetch } from '../../examples/app-keys.js';
import type { Mode } from '../../src/http/express.js';
import type { AppAttest as Backend } from '../../src/server/index.js';
import type { VirtualDevice } from '../../src/testing/index.js';
import { createBackend, createDevice } from '../support/backend.js';
import { serveNode, type TestServer } from '../support/http-servers.js';

/** Accounts of alice and bob. The token of a session is the name of its user. */
class NamedAccounts implements Accounts {
  readonly sessions = new Set<string>();
  readonly users = new Set(['alice', 'bob']);

  async userWith({ name, password }: { name: string; password: string }) {
    return this.users.has(name) && password === 'right' ? name : undefined;
  }

  async startSession(userId: string) {
    this.sessions.add(userId);
    return userId;
  }

  async userOf(request: express.Request) {
    const token = request.get('authorization') ?? '';
    return this.sessions.has(token) ? token : undefined;
  }

  async endSessions(userId: string) {
    this.sessions.delete(userId);
  }

  async remove(userId: string) {
    this.users.delete(userId);
  }
}

let backend: Backend;
let accounts: NamedAccounts;
let device: VirtualDevice;
let session: string | undefined;
let server: TestServer;
const { fetch } = globalThis;

async function serve(mode: Mode): Promise<void> {
  await server?.close();
  const app = express();
  app.use(accountRoutes(backend, accounts, mode));
  server = await serveNode(app);
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    const headers = new Headers(init.headers);
    if (session) headers.set('authorization', session);
    return fetch(url.replace('https://api.example.com', server.origin), { ...init, headers });
  });
}

beforeEach(async () => {
  [backend, accounts, device, session] = [createBackend(), new NamedAccounts(), await createDevice(), undefined];
  AppAttest.install(device);
  await serve('enforce');
});

afterEach(async () => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  await server.close();
});

/** Sends a request of the app, signed with its key. */
async function send(method: string, target: string, body?: object) {
  const response = await attestedFetch(method, target, body && JSON.stringify(body));
  return [response.status, JSON.parse(await response.text())];
}

/** Sends a request without a signature, as an old build of the app does. */
async function sendUnsigned(method: string, target: string, body?: object) {
  const headers = { 'content-type': 'application/json', ...(session && { authorization: session }) };
  const response = await fetch(server.origin + target, {
    method,
    headers,
    ...(body && { body: JSON.stringify(body) }),
  });
  return [response.status, JSON.parse(await response.text())];
}

async function login(name: string, password = 'right') {
  const [status, body] = await send('POST', '/login', { name, password });
  if (status === 200) session = body.session;
  return [status, body];
}

const storedKeyId = async () => (await AppAttest.getStoredKeyId()).keyId ?? '';
const keysOf = async (user: string) => (await backend.keysOf(user)).map(({ keyId }) => keyId);

it('a login binds the key that signed the request, unless the password is wrong', async () => {
  expect(await login('alice', 'wrong')).toEqual([401, { error: 'login_failed' }]);
  expect(await keysOf('alice')).toEqual([]);
  expect(await login('alice')).toEqual([200, { session: 'alice' }]);
  expect(await keysOf('alice')).toEqual([await storedKeyId()]);
  expect(await send('GET', '/me')).toEqual([200, { userId: 'alice' }]);
});

it('the second user of a device logs in with another key, and the session starts after this key is bound', async () => {
  await login('alice');
  const first = await storedKeyId();
  const start = vi.spyOn(accounts, 'startSession');
  session = undefined;
  expect(await login('bob')).toEqual([200, { session: 'bob' }]);
  expect(start).toHaveBeenCalledTimes(1);
  expect(await keysOf('alice')).toEqual([first]);
  expect(await keysOf('bob')).toEqual([await storedKeyId()]);
});

it('the key of another user is accepted neither at the login nor in a session', async () => {
  await login('alice');
  await accounts.startSession('bob');
  const { keyId } = await AppAttest.getStoredKeyId();
  vi.spyOn(AppAttest, 'prepare').mockRejectedValue(new Error('no new key'));
  await expect(login('bob')).rejects.toThrow('no new key');
  session = 'bob';
  await expect(send('GET', '/me')).rejects.toThrow('no new key');
  expect(await keysOf('bob')).toEqual([]);
  expect(await keysOf('alice')).toEqual([keyId]);
});

it('a user who is already logged in gets the first key without another login', async () => {
  session = await accounts.startSession('alice');
  expect(await send('GET', '/me')).toEqual([200, { userId: 'alice' }]);
  expect(await keysOf('alice')).toEqual([await storedKeyId()]);
});

it('a logout from all devices revokes the keys of the user, and the next login binds a new key', async () => {
  await login('alice');
  const revoked = await storedKeyId();
  expect(await send('POST', '/logout-everywhere')).toEqual([200, { revoked: 1 }]);
  expect(await send('GET', '/me')).toEqual([401, { error: 'login_required' }]);
  expect(await login('alice')).toEqual([200, { session: 'alice' }]);
  expect(await storedKeyId()).not.toBe(revoked);
  expect((await keysOf('alice')).toSorted()).toEqual([revoked, await storedKeyId()].toSorted());
  expect((await backend.key(revoked))?.revokedAt).toBeInstanceOf(Date);
});

it('the deletion of an account deletes its keys and its sessions', async () => {
  await login('alice');
  expect(await send('DELETE', '/account')).toEqual([200, { forgotten: 1 }]);
  expect(await backend.key(await storedKeyId())).toBeUndefined();
  expect(accounts.users).toEqual(new Set(['bob']));
  expect(accounts.sessions).toEqual(new Set());
});

it('requests without a signature are rejected', async () => {
  session = await accounts.startSession('alice');
  expect(await sendUnsigned('GET', '/me')).toEqual([401, { error: 'assertion_missing' }]);
  expect(await sendUnsigned('POST', '/login', { name: 'alice', password: 'right' })).toMatchObject([401, {}]);
});

it('in report mode, a login without a signature binds nothing, and the first signed request binds the key', async () => {
  await serve('report');
  const login = await sendUnsigned('POST', '/login', { name: 'alice', password: 'right' });
  expect(login).toEqual([200, { session: 'alice' }]);
  expect(await keysOf('alice')).toEqual([]);
  session = 'alice';
  expect(await sendUnsigned('GET', '/me')).toEqual([200, { userId: 'alice' }]);
  expect(await keysOf('alice')).toEqual([]);
  expect(await send('GET', '/me')).toEqual([200, { userId: 'alice' }]);
  expect(await keysOf('alice')).toEqual([await storedKeyId()]);
});

it('in report mode, a login with the key of another user succeeds and is only reported', async () => {
  await login('alice');
  await serve('report');
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  expect(await login('bob')).toEqual([200, { session: 'bob' }]);
  expect(warn.mock.calls).toEqual([['report: the key is registered for another user']]);
  expect(await keysOf('bob')).toEqual([]);
});
