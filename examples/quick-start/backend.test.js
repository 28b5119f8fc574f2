import { once } from 'node:events';
import { capacitor, createClient } from 'app-attest/client';
import { createVirtualApple } from 'app-attest/testing';
import { expect, test } from 'vitest';
import { createBackend } from './backend.js';

const apple = await createVirtualApple();
const backend = await createBackend(':memory:', { trustAnchors: apple.trustAnchors });
const server = backend.listen(0);
await once(server, 'listening');
const baseUrl = `http://localhost:${server.address().port}`;

test('the app can order', async () => {
  const device = await apple.createDevice({ appId: 'TEAMID1234.com.example.app' });
  const stored = new Map();
  const storage = {
    get: async (name) => stored.get(name) ?? null,
    set: async (name, value) => stored.set(name, value),
    remove: async (name) => stored.delete(name),
  };
  const attested = createClient({ device: capacitor(device.capacitor), baseUrl, storage });
  const response = await attested.fetch('/orders', { method: 'POST', body: { item: 'coffee' } });
  expect(await response.json()).toMatchObject({ ordered: 'coffee' });
});

test('a script cannot order', async () => {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(`${baseUrl}/orders`, { method: 'POST', headers, body: '{"item":"coffee"}' });
  expect(response.status).toBe(401);
  expect(await response.json()).toEqual({ error: 'assertion_missing' });
});
