import { env } from 'cloudflare:workers';
import { honoHandlers } from 'app-attest/hono';
import { createAppAttest } from 'app-attest/server';
import { sqliteStores } from 'app-attest/sqlite';
import { Hono } from 'hono';

const appAttest = createAppAttest({ appId: 'TEAMID1234.com.example.app', ...sqliteStores(env.DB) });
const { challenge, registration, protect } = honoHandlers(appAttest, {
  // Writes the reason for a rejection to the log. Never send the reason to the client.
  onDecision: ({ route, code, error }) => error && console.warn(route, code, error.message),
});

const app = new Hono();
app.post('/app-attest/challenge', challenge);
app.post('/app-attest/registration', registration);

app.post('/orders', protect, async (c) => {
  const { item } = await c.req.json();
  return c.json({ ordered: item, by: c.get('appAttest').key.keyId });
});
app.get('/orders/:id', protect, (c) => c.json({ order: c.req.param('id'), by: c.get('appAttest').key.keyId }));

export default app;
