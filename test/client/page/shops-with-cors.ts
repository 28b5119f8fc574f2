import fastifyCors from '@fastify/cors';
import { getRequestListener } from '@hono/node-server';
import cors from 'cors';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { cors as honoCors } from 'hono/cors';
import { withCors } from '../../../examples/cors.js';
import { expressHandlers } from '../../../src/http/express.js';
import { fastifyHandlers } from '../../../src/http/fastify.js';
import { honoHandlers } from '../../../src/http/hono.js';
import { httpHandlers } from '../../../src/http/index.js';
import type { AppAttest } from '../../../src/server/index.js';
import { originOf, serveNode, type TestServer } from '../../support/http-servers.js';

/** Starts a shop that allows pages on the given origins. `docs/http.md` shows the lines that set up CORS. */
export type StartShop = (appAttest: AppAttest, origin: string[]) => Promise<TestServer>;

/**
 * Each shop has the routes for App Attest, and a protected route `/orders`, which returns the method and the signed text. Two
 * more routes are not protected: `/busy` responds with 503 to the first request, and `/moved` redirects.
 */
export const SHOPS: Readonly<Record<string, StartShop>> = {
  Express: async (appAttest, origin) => {
    const { challenge, registration, protect } = expressHandlers(appAttest);
    const app = express();
    let isBusy = true;
    app.use(cors({ origin, exposedHeaders: ['Retry-After'], maxAge: 7200 }));
    app.post('/app-attest/challenge', challenge);
    app.post('/app-attest/registration', registration);
    app.all('/orders', protect, (request, response) => {
      response.json({ method: request.method, payload: Buffer.from(response.locals.appAttest.payload).toString() });
    });
    app.post('/busy', (_request, response) => {
      response.set('Retry-After', '1').sendStatus(isBusy ? 503 : 200);
      isBusy = false;
    });
    app.get('/moved', (_request, response) => response.redirect('/orders'));
    return serveNode(app);
  },

  Fastify: async (appAttest, origin) => {
    const { challenge, registration, protect } = fastifyHandlers(appAttest);
    const app = Fastify({ forceCloseConnections: true });
    let isBusy = true;
    const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
    await app.register(fastifyCors, { origin, methods, exposedHeaders: ['Retry-After'], maxAge: 7200 });
    app.post('/app-attest/challenge', challenge);
    app.post('/app-attest/registration', registration);
    const order = protect(async ({ method, appAttest: { payload } }) => {
      return { method, payload: Buffer.from(payload).toString() };
    });
    app.route({ method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'], url: '/orders', ...order });
    app.addContentTypeParser('*', (_request, _payload, done) => done(null));
    app.post('/busy', async (_request, reply) => {
      reply.header('Retry-After', '1').code(isBusy ? 503 : 200);
      isBusy = false;
      return '';
    });
    app.get('/moved', async (_request, reply) => reply.redirect('/orders'));
    await app.listen({ port: 0, host: '127.0.0.1' });
    return { origin: originOf(app.server), close: () => app.close() };
  },

  Hono: async (appAttest, origin) => {
    const { challenge, registration, protect } = honoHandlers(appAttest);
    const app = new Hono();
    let isBusy = true;
    app.use(honoCors({ origin, exposeHeaders: ['Retry-After'], maxAge: 7200 }));
    app.post('/app-attest/challenge', challenge);
    app.post('/app-attest/registration', registration);
    app.all('/orders', protect, (c) => {
      return c.json({ method: c.req.method, payload: Buffer.from(c.get('appAttest').payload).toString() });
    });
    app.post('/busy', (c) => {
      const status = isBusy ? 503 : 200;
      isBusy = false;
      return c.body('', status, { 'Retry-After': '1' });
    });
    app.get('/moved', (c) => c.redirect('/orders'));
    return serveNode(getRequestListener(app.fetch));
  },

  Fetch: async (appAttest, origins) => {
    const { challenge, registration, protect } = httpHandlers(appAttest);
    let isBusy = true;
    const order = protect(async ({ method }, { payload }) => {
      return Response.json({ method, payload: Buffer.from(payload).toString() });
    });
    const handle = async (request: Request): Promise<Response> => {
      switch (new URL(request.url).pathname) {
        case '/app-attest/challenge':
          return challenge(request);
        case '/app-attest/registration':
          return registration(request);
        case '/orders':
          return order(request);
        case '/moved':
          return new Response(null, { status: 302, headers: { Location: '/orders' } });
        default: {
          const status = isBusy ? 503 : 200;
          isBusy = false;
          return new Response('', { status, headers: { 'Retry-After': '1' } });
        }
      }
    };
    return serveNode(getRequestListener(withCors(handle, origins)));
  },
};
