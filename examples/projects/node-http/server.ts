import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { createClient } from '@libsql/client';
import { httpHandlers } from 'app-attest/http';
import { createAppAttest } from 'app-attest/server';
import { migrate, sqliteStores } from 'app-attest/sqlite';

const database = createClient({ url: 'file:app-attest.db' });
await migrate(database);
const appAttest = createAppAttest({ appId: 'TEAMID1234.com.example.app', ...sqliteStores(database) });
const { challenge, registration, protect } = httpHandlers(appAttest);

const order = protect(async (request, { key }) => {
  const { item } = JSON.parse(await request.text());
  return Response.json({ ordered: item, by: key.keyId });
});

const find = protect(async (request, { key }) => {
  const id = new URL(request.url).pathname.slice('/orders/'.length);
  return Response.json({ order: id, by: key.keyId });
});

async function respond(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === '/app-attest/challenge') return challenge(request);
  if (pathname === '/app-attest/registration') return registration(request);
  if (pathname === '/orders' && request.method === 'POST') return order(request);
  if (/^\/orders\/[^/]+$/.test(pathname) && request.method === 'GET') return find(request);
  return new Response(null, { status: 404 });
}

// getRequestListener converts the requests of node:http to Fetch requests.
createServer(getRequestListener(respond)).listen(Number(process.env.PORT ?? 3000));
