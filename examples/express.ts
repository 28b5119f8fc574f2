import { expressHandlers } from 'app-attest/express';
import { createAppAttest } from 'app-attest/server';
import express from 'express';

// This example keeps its state in memory. docs/stores.md shows how to use a database.
const appAttest = createAppAttest({ appId: 'TEAMID1234.com.example.app' });
const { challenge, registration, protect } = expressHandlers(appAttest, {
  onReject: ({ route, code, error }) => console.warn(route, code, error.message), // for your log, never for the client
});

export const app = express();

// 1. The app requests a challenge before its registration and before each protected request.
app.post('/app-attest/challenge', challenge);

// 2. The app registers its key, once per installation.
app.post('/app-attest/registration', registration);

// 3. Protected routes accept each request only once. request.body contains only what the device signed.
app.post('/orders', protect, (request, response) => {
  response.json({ ordered: request.body.item, by: response.locals.appAttest.key.keyId });
});

app.get('/orders/:id', protect, (request, response) => {
  response.json({ order: request.params.id, by: response.locals.appAttest.key.keyId });
});
