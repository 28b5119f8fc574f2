// Uses the types of the handlers with the option formats, as users do. Compiled, and never run.
import { expressHandlers } from 'app-attest/express';
import { fastifyHandlers } from 'app-attest/fastify';
import { honoHandlers } from 'app-attest/hono';
import { httpHandlers } from 'app-attest/http';
import type { AppAttest, AuthenticatedRequest } from 'app-attest/server';
import express from 'express';
import { Hono } from 'hono';
import { isExactly } from './same.js';

interface Android {
  versionCode: string;
}
type Attested = AuthenticatedRequest | Android;

export function routes(appAttest: AppAttest<Android>): unknown[] {
  const app = express();
  app.post('/orders', expressHandlers(appAttest).protect, (_, response) => {
    isExactly<Attested>()(response.locals.appAttest, true);
    const { appAttest: attested } = response.locals;
    response.json({ by: 'key' in attested ? attested.key.keyId : attested.versionCode });
  });
  const hono = new Hono();
  hono.post('/orders', honoHandlers(appAttest).protect, (c) => {
    isExactly<Attested>()(c.get('appAttest'), true);
    return c.text('coffee');
  });
  const fastify = fastifyHandlers(appAttest).protect(async ({ appAttest: attested }) => {
    isExactly<Attested>()(attested, true);
  });
  const fetch = httpHandlers(appAttest).protect((_, attested) => {
    isExactly<Attested>()(attested, true);
    return Response.json({});
  });
  // @ts-expect-error a request of the other format has no key
  const wrong = httpHandlers(appAttest).protect((_, { key }) => Response.json(key));
  return [app, hono, fastify, fetch, wrong];
}
