import { createClient } from '@libsql/client';
import { expressHandlers } from 'app-attest/express';
import { createAppAttest } from 'app-attest/server';
import { migrate, sqliteStores } from 'app-attest/sqlite';
import cors from 'cors';
import express from 'express';

/** Creates the server. `url` is the address of the database. */
export async function createBackend(url, options) {
  const database = createClient({ url });
  await migrate(database);
  const appId = 'TEAMID1234.com.example.app'; // your team ID, a dot, and the bundle identifier of your app
  const appAttest = createAppAttest({ appId, ...sqliteStores(database), ...options });
  const { challenge, registration, protect } = expressHandlers(appAttest, {
    onDecision: ({ route, code, error }) => error && console.warn(route, code, error.message),
  });

  const app = express();
  // The pages of Capacitor apps have these origins.
  app.use(cors({ origin: ['capacitor://localhost', 'https://localhost'], exposedHeaders: ['Retry-After'] }));
  app.post('/app-attest/challenge', challenge);
  app.post('/app-attest/registration', registration);
  app.post('/orders', protect, (request, response) => {
    response.json({ ordered: request.body.item, by: response.locals.appAttest.key.keyId });
  });
  return app;
}
