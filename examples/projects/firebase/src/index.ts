import { expressHandlers } from 'app-attest/express';
import { postgresStores } from 'app-attest/postgres';
import { createAppAttest } from 'app-attest/server';
import express from 'express';
import { onRequest } from 'firebase-functions/https';
import { pool } from './database.js';

/** The part of the path that the app signs, but that the function does not receive, such as `/api`. */
const { PUBLIC_PATH = '' } = process.env;

const appAttest = createAppAttest({ appId: 'TEAMID1234.com.example.app', ...postgresStores(pool) });
const { challenge, registration, protect } = expressHandlers(appAttest, {
  publicTarget: (target) => PUBLIC_PATH + target,
});

const app = express();
app.post('/app-attest/challenge', challenge);
app.post('/app-attest/registration', registration);
app.post('/orders', protect, (request, response) => {
  response.json({ ordered: request.body.item, by: response.locals.appAttest.key.keyId });
});
app.get('/orders/:id', protect, (request, response) => {
  response.json({ order: request.params.id, by: response.locals.appAttest.key.keyId });
});

export const api = onRequest({ secrets: ['DATABASE_URL'] }, app);
