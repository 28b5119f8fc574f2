import { expressHandlers } from 'app-attest/express';
import { createAppAttest } from 'app-attest/server';
import express from 'express';

// State is in memory here. One line more keeps it in Redis or PostgreSQL: ...redisStores(client), ...postgresStores(pool)
const appAttest = createAppAttest({ appId: 'TEAMID1234.com.example.app' });
const { challenge, registration, protect } = expressHandlers(appAttest, {
  onReject: ({ code, keyId, error }) => console.warn(code, keyId, error.message), // for your log, never for the client
});

export const app = express();

// 1. The app asks for a challenge before each attestation and each protected request: { "purpose": "assertion" }.
app.post('/app-attest/challenge', challenge);

// 2. Once per installation: what the app's attestation gave it.
app.post('/app-attest/registration', registration);

// 3. Protected requests, each accepted once. The body is what the device signed, and nothing else.
app.post('/orders', protect, (request, response) => {
  response.json({ ordered: request.body.item, by: response.locals.appAttest.key.keyId });
});
