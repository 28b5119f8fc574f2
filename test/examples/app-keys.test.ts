import { AppAttest } from '@capgo/capacitor-app-attest';
import express from 'express';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { attestedFetch } from '../../examples/app-keys.js';
import { expressHandlers } from '../../src/http/express.js';
import { AppAttestError } from '../../src/index.js';
import type { AppAttest as Backend } from '../../src/server/index.js';
import type { VirtualDevice } from '../../src/testing/index.js';
import { createBackend, createDevice } from '../support/backend.js';
import { serveNode, type TestServer } from '../support/http-servers.js';

let server: TestServer;
let backend: Backend;
let device: VirtualDevice;
let user: string;
/** The next request to `path` is lost. With `'response'`, the server receives the request, but its response is lost. */
let lost: { path: string; when: 'response' | 'request' } | undefined;

beforeEach(async () => {
  backend = createBackend();
  user = 'alice';
  lost = undefined;
  const app = express();
  const { challenge, registration, protect } = expressHandlers(backend, { subject: () => user });
  app.post('/app-attest/challenge', challenge);
  app.post('/app-attest/registration', registration);
  app.get('/orders', protect, (_, response) => void response.json({ by: response.locals.appAttest.key.keyId }));
  server = await serveNode(app);
  device = await createDevice();
  AppAttest.install(device);

  const { fetch } = globalThis;
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    const fails = lost?.path === new URL(url).pathname ? lost.when : undefined;
    if (fails) lost = undefined;
    if (fails === 'request') throw new TypeError('fetch failed');
    const response = await fetch(url.replace('https://api.example.com', server.origin), init);
    if (fails === 'response') throw new TypeError('fetch failed');
    return response;
  });
});

afterEach(async () => {
  vi.unstubAllGlobals();
  await server.close();
});

const order = async () => {
  const response = await attestedFetch('GET', '/orders');
  return { status: response.status, body: JSON.parse(await response.text()) };
};
const storedKeyId = async () => (await AppAttest.getStoredKeyId()).keyId ?? '';
const count = async () => (await backend.keysOf(user)).length;

it('the app registers a key with its first request, and uses it from then on', async () => {
  for (let round = 0; round < 3; round += 1) {
    expect(await order()).toEqual({ status: 200, body: { by: await storedKeyId() } });
  }
  expect(await count()).toBe(1);
});

it.each(['response', 'request'] as const)('the app keeps its key if the %s of a registration is lost', async (when) => {
  lost = { path: '/app-attest/registration', when };
  await expect(order()).rejects.toThrow('fetch failed');
  const keyId = await storedKeyId();
  expect(await order()).toEqual({ status: 200, body: { by: keyId } });
  expect(await count()).toBe(1);
});

it('the app attests its key again if the server has deleted the key', async () => {
  await order();
  const keyId = await storedKeyId();
  await backend.forget(keyId);
  expect(await order()).toEqual({ status: 200, body: { by: keyId } });
});

it('the app creates a new key if the device has lost the old key, as after a restore from a backup', async () => {
  await order();
  const keyId = await storedKeyId();
  device.loseKey(keyId);
  const { status, body } = await order();
  expect(status).toBe(200);
  expect(body.by).not.toBe(keyId);
  expect(await count()).toBe(2);
});

it('the app creates a new key on a new device, even if it has stored the key identifier of the old device', async () => {
  await order();
  const keyId = await storedKeyId();
  AppAttest.install(await createDevice());
  await AppAttest.storeKeyId({ keyId });
  expect((await order()).status).toBe(200);
  expect(await storedKeyId()).not.toBe(keyId);
});

it('the app detects a lost key by the error number in the error message of the plugin, even in German', async () => {
  await order();
  const keyId = await storedKeyId();
  const failure = (number: number) => new Error(`Fehler: … (com.apple.devicecheck.error-Fehler ${number}.)`);
  const createAssertion = vi.spyOn(AppAttest, 'createAssertion').mockRejectedValueOnce(failure(4));
  await expect(order()).rejects.toThrow('Fehler 4');
  expect(await storedKeyId()).toBe(keyId);
  createAssertion.mockRejectedValueOnce(failure(3));
  expect((await order()).status).toBe(200);
  expect(await storedKeyId()).not.toBe(keyId);
  createAssertion.mockRestore();
});

it('the app creates a new key for the second user of the device', async () => {
  await order();
  const keyId = await storedKeyId();
  user = 'bob';
  expect((await order()).status).toBe(200);
  expect(await storedKeyId()).not.toBe(keyId);
  expect(await count()).toBe(1);
});

it('the app signs the request again with a new challenge if the server rejects the counter', async () => {
  await order();
  device.misbehave({ standingCounter: true });
  const { createAssertion } = AppAttest;
  const calls = vi.spyOn(AppAttest, 'createAssertion').mockImplementation(async (options) => {
    const assertion = await createAssertion.call(AppAttest, options);
    device.misbehave({});
    return assertion;
  });
  expect((await order()).status).toBe(200);
  expect(calls).toHaveBeenCalledTimes(2);
  calls.mockRestore();
});

it('the app creates no new key if the network fails', async () => {
  await order();
  const keyId = await storedKeyId();
  lost = { path: '/orders', when: 'response' };
  await expect(order()).rejects.toThrow('fetch failed');
  expect(await storedKeyId()).toBe(keyId);
  expect(await count()).toBe(1);
});

it('the app creates a new key if its key was revoked, but at most one new key per call', async () => {
  await order();
  const keyId = await storedKeyId();
  await backend.revoke(keyId);
  expect((await order()).status).toBe(200);
  expect(await storedKeyId()).not.toBe(keyId);
  expect(await count()).toBe(2);

  vi.spyOn(backend, 'authenticate').mockRejectedValue(new AppAttestError('key_revoked', 'the key was revoked'));
  expect(await order()).toEqual({ status: 403, body: { error: 'key_revoked' } });
  expect(await count()).toBe(3);
});
