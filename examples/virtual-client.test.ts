import { once } from 'node:events';
import { capacitor, createClient } from 'app-attest/client';
import { expressHandlers } from 'app-attest/express';
import { createAppAttest } from 'app-attest/server';
import { createVirtualApple } from 'app-attest/testing';
import express from 'express';
import { expect, it } from 'vitest';

const appId = 'TEAMID1234.com.example.app';

it('an app registers a new key after its key was revoked', async () => {
  const apple = await createVirtualApple();
  const appAttest = createAppAttest({ appId, trustAnchors: apple.trustAnchors });
  const { challenge, registration, protect } = expressHandlers(appAttest);
  const backend = express();
  backend.post('/app-attest/challenge', challenge);
  backend.post('/app-attest/registration', registration);
  backend.post('/orders', protect, (request, response) => {
    response.status(201).json({ ordered: request.body.item, by: response.locals.appAttest.key.keyId });
  });
  const server = backend.listen(0);
  await once(server, 'listening');
  const address = Object(server.address());

  const phone = await apple.createDevice({ appId });
  const stored = new Map<string, string>();
  const attested = createClient({
    baseUrl: `http://localhost:${address.port}`,
    device: capacitor(phone.capacitor),
    storage: {
      get: async (name) => stored.get(name) ?? null,
      set: async (name, value) => void stored.set(name, value),
      remove: async (name) => void stored.delete(name),
    },
  });
  const order = async () => {
    const response = await attested.fetch('/orders', { method: 'POST', body: { item: 'coffee' } });
    return Object(await response.json());
  };

  const first = await order();
  expect(first.ordered).toBe('coffee');
  await appAttest.revoke(first.by);
  const second = await order();
  expect(second.ordered).toBe('coffee');
  expect(second.by).not.toBe(first.by);
  server.close();
});
