// Uses the types of the handlers together with the option formats of createAppAttest. This file is only compiled, never run.
import { expressHandlers } from 'app-attest/express';
import { fastifyHandlers } from 'app-attest/fastify';
import { honoHandlers } from 'app-attest/hono';
import { type AttestedVerdict, httpHandlers, type UnattestedVerdict } from 'app-attest/http';
import type { AppAttest } from 'app-attest/server';
import express from 'express';
import { Hono } from 'hono';
import { isExactly } from './same.js';

interface Android {
  versionCode: string;
}
type Attested = AttestedVerdict | (Android & { attested: true });

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
  const reported = httpHandlers(appAttest, { mode: 'report' }).protect((_, verdict) => {
    isExactly<Attested | UnattestedVerdict>()(verdict, true);
    if (!verdict.attested) return Response.json(verdict.code);
    return Response.json('key' in verdict ? verdict.key.keyId : verdict.versionCode);
  });
  // @ts-expect-error the verdict about a request of the other format has no key
  const wrong = httpHandlers(appAttest).protect((_, { key }) => Response.json(key));
  return [app, hono, fastify, fetch, reported, wrong];
}
