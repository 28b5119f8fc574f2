import { AppAttest } from '@capgo/capacitor-app-attest';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { findOrder, order } from '../../examples/client.js';
import { createDevice } from '../support/backend.js';
import { trusting } from '../support/example-backend.js';
import { serveNode, type TestServer } from '../support/http-servers.js';

let server: TestServer;
beforeAll(async () => {
  const { app } = await trusting(() => import('../../examples/express.js'));
  server = await serveNode(app);
  const { fetch } = globalThis;
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    return fetch(url.replace('https://api.example.com', server.origin), init);
  });
  AppAttest.install(await createDevice());
});
afterAll(() => server.close());

it('the app of the README registers a key with its first request, and signs its requests with it', async () => {
  const placed = await (await order('café')).json();
  const { keyId } = await AppAttest.getStoredKeyId();
  expect(placed).toEqual({ ordered: 'café', by: keyId });
  expect(await (await findOrder('7/8')).json()).toEqual({ order: '7/8', by: keyId });
});
