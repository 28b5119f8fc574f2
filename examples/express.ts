import { createClient } from '@libsql/client';
import { expressHandlers } from 'app-attest/express';
import { createAppAttest } from 'app-attest/server';
import { migrate, sqliteStores } from 'app-attest/sqlite';
import express from 'express';

const database = createClient({ url: 'file:app-attest.db' }); // docs/stores.md shows other databases
await migrate(database);
const appAttest = createAppAttest({ appId: 'TEAMID1234.com.example.app', ...sqliteStores(database) });
const { challenge, registration, protect } = expressHandlers(appAttest, {
  // Writes the reason for a rejection to the log. Never send the reason to the client.
  onDecision: ({ route, code, error }) => error && console.warn(route, code, error.message),
});

export const app = express();

// 1. The app requests a challenge before its registration and before each protected request.
app.post('/app-attest/challenge', challenge);

// 2. The app registers its key, once per installation.
app.post('/app-attest/registration', registration);

// 3. The app sends protected requests. Each request is accepted once. request.body is the signed content.
app.post('/orders', protect, (request, response) => {
  response.json({ ordered: request.body.item, by: response.locals.appAttest.key.keyId });
});

app.get('/orders/:id', protect, (request, response) => {
  response.json({ order: request.params.id, by: response.locals.appAttest.key.keyId });
});
