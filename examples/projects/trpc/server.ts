import { createClient } from '@libsql/client';
import { createExpressMiddleware } from '@trpc/server/adapters/express';
import { expressHandlers } from 'app-attest/express';
import { createAppAttest } from 'app-attest/server';
import { migrate, sqliteStores } from 'app-attest/sqlite';
import express from 'express';
import { appRouter } from './router.js';

const database = createClient({ url: 'file:app-attest.db' });
await migrate(database);
const appAttest = createAppAttest({ appId: 'TEAMID1234.com.example.app', ...sqliteStores(database) });
const { challenge, registration, protect } = expressHandlers(appAttest);

const app = express();
app.post('/app-attest/challenge', challenge);
app.post('/app-attest/registration', registration);

// The app signs HTTP requests, so protect comes before tRPC. It protects all procedures of the router.
const trpc = createExpressMiddleware({
  router: appRouter,
  createContext: ({ res }) => ({ key: res.locals.appAttest.key }),
});
app.use('/trpc', protect, trpc);

app.listen(Number(process.env.PORT ?? 3000));
