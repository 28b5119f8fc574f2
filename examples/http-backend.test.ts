import { expressHandlers } from 'app-attest/express';
import { type AppAttest, createAppAttest } from 'app-attest/server';
import { createVirtualApple } from 'app-attest/testing';
import express from 'express';
import supertest from 'supertest';
import { test } from 'vitest';

/** Your backend. In production, pass your own stores to createAppAttest, and no trustAnchors. */
function createBackend(appAttest: AppAttest) {
  const { challenge, registration, protect } = expressHandlers(appAttest);
  const app = express();
  app.post('/app-attest/challenge', challenge);
  app.post('/app-attest/registration', registration);
  app.post('/orders', protect, (request, response) => {
    response.status(201).json({ ordered: request.body.item });
  });
  return app;
}

const appId = 'TEAMID1234.com.example.app';
const apple = await createVirtualApple();
const backend = supertest(createBackend(createAppAttest({ appId, trustAnchors: apple.trustAnchors })));

/** The app requests a challenge before its registration and before each protected request. */
async function fetchChallenge(purpose: 'attestation' | 'assertion'): Promise<string> {
  const { body } = await backend.post('/app-attest/challenge').send({ purpose }).expect(200);
  return body.challenge;
}

test('an app registers its key, and each of its orders is accepted once', async () => {
  const device = await apple.createDevice({ appId });
  const { keyId } = await device.capacitor.prepare();
  const challenge = await fetchChallenge('attestation');
  const registration = await device.capacitor.createAttestation({ keyId, challenge });
  await backend.post('/app-attest/registration').send(registration).expect(201, { keyId });

  // The signature covers the method, the target, the challenge and the digest of the body.
  const order = { method: 'POST', target: '/orders', body: JSON.stringify({ item: 'coffee' }) };
  const headers = await device.signRequest({ ...order, challenge: await fetchChallenge('assertion') });
  const send = () => backend.post(order.target).set(headers).type('json').send(order.body);
  await send().expect(201, { ordered: 'coffee' });
  await send().expect(401, { error: 'challenge_used' });
});

test('a development build from Xcode is rejected', async () => {
  const device = await apple.createDevice({ appId });
  device.misbehave({ developmentBuild: true });
  const { keyId } = await device.capacitor.prepare();
  const challenge = await fetchChallenge('attestation');
  const registration = await device.capacitor.createAttestation({ keyId, challenge });
  await backend.post('/app-attest/registration').send(registration).expect(401, { error: 'environment_mismatch' });
});

test('a request from a script is rejected', async () => {
  await backend.post('/orders').send({ item: 'coffee' }).expect(401, { error: 'assertion_missing' });
});
