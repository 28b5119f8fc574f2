import { AppAttest } from '@capgo/capacitor-app-attest';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { register, signedFetch } from '../../examples/app.js';
import { createDevice } from '../support/backend.js';
import { trusting } from '../support/example-backend.js';
import { serveNode, type TestServer } from '../support/http-servers.js';

// Runs the app of the README with the server of the README, over HTTP.
let server: TestServer;
beforeAll(async () => {
  const { app } = await trusting(() => import('../../examples/express.js'));
  server = await serveNode(app);
  const { fetch } = globalThis;
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    return fetch(url.replace('https://api.example.com', server.origin), init);
  });
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
});
afterAll(() => server.close());

beforeEach(async () => AppAttest.install(await createDevice()));

it('the app of the README registers its key, and then sends signed POST and GET requests', async () => {
  await register();
  const { keyId } = await AppAttest.getStoredKeyId();
  const post = await signedFetch('POST', '/orders', '{"item":"café"}');
  expect({ status: post.status, body: await post.json() }).toEqual({
    status: 200,
    body: { ordered: 'café', by: keyId },
  });
  const get = await signedFetch('GET', '/orders/7?with=receipt');
  expect({ status: get.status, body: await get.json() }).toEqual({ status: 200, body: { order: '7', by: keyId } });
});

it('the app of the README sends no protected request before its registration', async () => {
  await expect(signedFetch('GET', '/orders/7')).rejects.toThrow('not registered');
});

it('the app of the README does not store the identifier of a key that the server rejected', async () => {
  const device = await createDevice();
  device.misbehave({ developmentBuild: true });
  AppAttest.install(device);
  await expect(register()).rejects.toThrow('/app-attest/registration: 401');
  expect(await AppAttest.getStoredKeyId()).toEqual({ keyId: null, hasStoredKey: false });
});
