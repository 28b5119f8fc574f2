import { honoHandlers } from 'app-attest/hono';
import { postgresStores } from 'app-attest/postgres';
import { createAppAttest } from 'app-attest/server';
import { Hono } from 'hono';
import { Pool } from 'pg';

// Supabase sets this variable. The functions of a project share the connections of its database.
const pool = new Pool({ connectionString: Deno.env.get('SUPABASE_DB_URL'), max: 3, query_timeout: 2000 });
pool.on('error', (error: Error) => console.warn(`PostgreSQL: ${error.message}`)); // otherwise, it ends the function
const stores = postgresStores(pool, { schema: 'app_attest', timeout: 2 });
const appAttest = createAppAttest({ appId: 'TEAMID1234.com.example.app', ...stores });
const { challenge, registration, protect } = honoHandlers(appAttest, {
  // The app signs the path with this prefix. Supabase removes the prefix.
  publicTarget: (target) => `/functions/v1${target}`,
});

const app = new Hono().basePath('/api'); // the name of the function
app.post('/app-attest/challenge', challenge);
app.post('/app-attest/registration', registration);

app.post('/orders', protect, async (c) => {
  const { item } = await c.req.json();
  return c.json({ ordered: item, by: c.get('appAttest').key.keyId });
});
app.get('/orders/:id', protect, (c) => c.json({ order: c.req.param('id'), by: c.get('appAttest').key.keyId }));

Deno.serve(app.fetch);
