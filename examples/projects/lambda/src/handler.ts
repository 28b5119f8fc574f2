import { httpHandlers } from 'app-attest/http';
import { postgresStores } from 'app-attest/postgres';
import { createAppAttest } from 'app-attest/server';
import type { APIGatewayProxyHandlerV2 } from 'aws-lambda';
import { toRequest, toResult } from './api-gateway.js';
import { pool } from './database.js';

/** The part of the path that the app signs, but that `toRequest` does not return, such as `/prod`. */
const { PUBLIC_PATH = '' } = process.env;

const appAttest = createAppAttest({ appId: 'TEAMID1234.com.example.app', ...postgresStores(pool) });
const { challenge, registration, protect } = httpHandlers(appAttest, {
  publicTarget: (target) => PUBLIC_PATH + target,
});

const order = protect(async (request, { key }) => {
  const { item } = await request.json();
  return Response.json({ ordered: item, by: key.keyId });
});

const find = protect(async (_request, { key }, id: string) => Response.json({ order: id, by: key.keyId }));

async function respond(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === '/app-attest/challenge') return challenge(request);
  if (pathname === '/app-attest/registration') return registration(request);
  if (pathname === '/orders' && request.method === 'POST') return order(request);
  const [, id] = /^\/orders\/([^/]+)$/.exec(pathname) ?? [];
  if (id !== undefined && request.method === 'GET') return find(request, id);
  return new Response(null, { status: 404 });
}

export const handler: APIGatewayProxyHandlerV2 = async (event) => toResult(await respond(toRequest(event)));
