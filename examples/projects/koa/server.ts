import Router from '@koa/router';
import { createClient } from '@libsql/client';
import { httpHandlers } from 'app-attest/http';
import { createAppAttest } from 'app-attest/server';
import { migrate, sqliteStores } from 'app-attest/sqlite';
import Koa from 'koa';
import { attested, respondWith } from './attested.js';

const database = createClient({ url: 'file:app-attest.db' });
await migrate(database);
const appAttest = createAppAttest({ appId: 'TEAMID1234.com.example.app', ...sqliteStores(database) });
const handlers = httpHandlers(appAttest);
const protect = attested(handlers);

const router = new Router();
router.post('/app-attest/challenge', respondWith(handlers.challenge));
router.post('/app-attest/registration', respondWith(handlers.registration));

router.post('/orders', protect, async (ctx) => {
  const { item } = JSON.parse(await ctx.state.request.text());
  ctx.body = { ordered: item, by: ctx.state.appAttest.key.keyId };
});

router.get('/orders/:id', protect, (ctx) => {
  ctx.body = { order: ctx.params.id, by: ctx.state.appAttest.key.keyId };
});

new Koa().use(router.routes()).listen(Number(process.env.PORT ?? 3000));
