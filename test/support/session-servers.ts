import { createServer, type RequestListener } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { expressHandlers } from '../../src/http/express.js';
import { fastifyHandlers } from '../../src/http/fastify.js';
import { honoHandlers } from '../../src/http/hono.js';
import { httpHandlers, type Mode, type SessionVerdict, type UnattestedVerdict } from '../../src/http/index.js';
import type { AcceptedEvidence, AppAttest } from '../../src/server/index.js';
import type { Sessions } from '../../src/session/index.js';
import { originOf, type SharedOptions, serveNode, type TestServer } from './http-servers.js';

/** Options that are the same for all frameworks. */
export type SessionServerOptions = Omit<SharedOptions, 'mode'> & { sessions: Sessions; mode?: Mode | (() => Mode) };

/**
 * Starts a server with the routes `/challenge`, `/registration`, `/session` and `/jwks`. `GET /orders` and `POST /orders` need a
 * session. They return the verdict and the parsed body that their handlers receive.
 */
export type StartSessionServer = (
  appAttest: AppAttest<AcceptedEvidence>,
  options: SessionServerOptions,
) => Promise<TestServer>;

const seen = (verdict: SessionVerdict | UnattestedVerdict, body?: unknown) => ({ verdict, body });

export const SESSION_SERVERS: Readonly<Record<string, StartSessionServer>> = {
  'app-attest/http': async (appAttest, options) => {
    const { challenge, registration, session, jwks, protectWithSession } = httpHandlers(appAttest, {
      ...options,
      mode: options.mode ?? 'enforce',
    });
    const orders = protectWithSession(async (request, verdict) => {
      const text = await request.text();
      return Response.json(seen(verdict, text === '' ? undefined : JSON.parse(text)));
    });
    const handlers: Record<string, (request: Request) => Promise<Response>> = {
      '/challenge': challenge,
      '/registration': registration,
      '/session': session,
      '/jwks': jwks,
    };
    return serveNode(getRequestListener((request) => (handlers[new URL(request.url).pathname] ?? orders)(request)));
  },

  'app-attest/express': async (appAttest, options) => {
    const { challenge, registration, session, jwks, protectWithSession } = expressHandlers(appAttest, {
      ...options,
      mode: options.mode ?? 'enforce',
    });
    const app = express();
    app.post('/challenge', challenge);
    app.post('/registration', registration);
    app.post('/session', session);
    app.all('/jwks', jwks);
    app.get('/orders', protectWithSession, (_request, response) => {
      response.json(seen(response.locals.appAttest));
    });
    app.post('/orders', protectWithSession, express.json(), (request, response) => {
      response.json(seen(response.locals.appAttest, request.body));
    });
    return serveNode(app);
  },

  'app-attest/fastify': async (appAttest, options) => {
    const { challenge, registration, session, jwks, protectWithSession } = fastifyHandlers(appAttest, {
      ...options,
      mode: options.mode ?? 'enforce',
    });
    const serverFactory = (listener: RequestListener) => createServer({ maxHeaderSize: 1 << 20 }, listener);
    const app = Fastify({ serverFactory, forceCloseConnections: true });
    app.post('/challenge', challenge);
    app.post('/registration', registration);
    app.post('/session', session);
    app.all('/jwks', jwks);
    app.get(
      '/orders',
      protectWithSession(async ({ appAttest: verdict }) => seen(verdict)),
    );
    app.post(
      '/orders',
      protectWithSession(async ({ appAttest: verdict, body }) => seen(verdict, body)),
    );
    await app.listen({ port: 0, host: '127.0.0.1' });
    return { origin: originOf(app.server), close: () => app.close() };
  },

  'app-attest/hono': async (appAttest, options) => {
    const { challenge, registration, session, jwks, protectWithSession } = honoHandlers(appAttest, {
      ...options,
      mode: options.mode ?? 'enforce',
    });
    const app = new Hono();
    app.post('/challenge', challenge);
    app.post('/registration', registration);
    app.post('/session', session);
    app.all('/jwks', jwks);
    app.get('/orders', protectWithSession, (c) => c.json(seen(c.get('appAttest'))));
    app.post('/orders', protectWithSession, async (c) => c.json(seen(c.get('appAttest'), await c.req.json())));
    return serveNode(getRequestListener(app.fetch));
  },
};
