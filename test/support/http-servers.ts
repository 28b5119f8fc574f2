import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { expressHandlers } from '../../src/http/express.js';
import { fastifyHandlers } from '../../src/http/fastify.js';
import { honoHandlers } from '../../src/http/hono.js';
import type { HttpOptions } from '../../src/http/http-options.js';
import { httpHandlers } from '../../src/http/index.js';
import type { AcceptedEvidence, AppAttest, AuthenticatedRequest } from '../../src/server/index.js';

export interface TestServer {
  origin: string;
  close(): Promise<void>;
}

/** Options that are the same for all frameworks, because they do not use the framework's request. */
export type SharedOptions = Omit<HttpOptions<unknown>, 'subject'> & { subject?: () => string | undefined };

/**
 * Starts a server with the routes `/challenge`, `/registration` and `/assertion`, and with protected routes. `POST /orders` and
 * `GET /orders/:id` return the values that their handlers receive. `POST /echo` returns only the length of the body.
 */
export type StartServer = (appAttest: AppAttest<AcceptedEvidence>, options?: SharedOptions) => Promise<TestServer>;

/** Node's default limit would reject long headers before the routes receive them. */
const maxHeaderSize = 1 << 20;

/** The values that the handler of a protected route received. */
const seen = (path: string, attested: AuthenticatedRequest | AcceptedEvidence, body: unknown) => {
  if (!('key' in attested)) return { path, attested, body };
  const { key, payload } = attested;
  return { path, keyId: key.keyId, counter: key.counter, payload: Buffer.from(payload).toString('latin1'), body };
};

export const SERVERS: Readonly<Record<string, StartServer>> = {
  'app-attest/http': async (appAttest, options) => {
    const { challenge, registration, assertion, protect } = httpHandlers(appAttest, options);
    const order = protect(async (request, attested) => {
      const text = await request.text();
      return Response.json(seen(new URL(request.url).pathname, attested, text === '' ? undefined : JSON.parse(text)));
    });
    const handlers: Record<string, (request: Request) => Response | Promise<Response>> = {
      '/echo': protect(async (request) => Response.json({ length: (await request.arrayBuffer()).byteLength })),
      '/challenge': challenge,
      '/registration': registration,
      '/assertion': assertion,
    };
    const fetch = (request: Request) => (handlers[new URL(request.url).pathname] ?? order)(request);
    return serveNode(getRequestListener(fetch));
  },

  'app-attest/express': async (appAttest, options) => {
    const { challenge, registration, assertion, protect } = expressHandlers(appAttest, options);
    const app = express();
    app.post('/challenge', challenge);
    app.post('/registration', registration);
    app.post('/assertion', assertion);
    app.post('/echo', protect, (request, response) => {
      response.json({ length: request.body.length });
    });
    app.post('/orders', protect, (request, response) => {
      response.json(seen(request.path, response.locals.appAttest, request.body));
    });
    app.get('/orders/:id', protect, (request, response) => {
      response.json(seen(request.path, response.locals.appAttest, request.body));
    });
    return serveNode(app);
  },

  'app-attest/fastify': async (appAttest, options) => {
    const { challenge, registration, assertion, protect } = fastifyHandlers(appAttest, options);
    const serverFactory = (listener: RequestListener) => createServer({ maxHeaderSize }, listener);
    const app = Fastify({ serverFactory, forceCloseConnections: true });
    app.post('/challenge', challenge);
    app.post('/registration', registration);
    app.post('/assertion', assertion);
    app.post(
      '/echo',
      protect<{ Body: Buffer }>(async ({ body }) => ({ length: body.length })),
    );
    app.post(
      '/orders',
      protect(async ({ url, appAttest: attested, body }) => seen(url, attested, body)),
    );
    app.get(
      '/orders/:id',
      protect(async ({ url, appAttest: attested, body }) => seen(url, attested, body)),
    );
    await app.listen({ port: 0, host: '127.0.0.1' });
    return { origin: originOf(app.server), close: () => app.close() };
  },

  'app-attest/hono': async (appAttest, options) => {
    const { challenge, registration, assertion, protect } = honoHandlers(appAttest, options);
    const app = new Hono();
    app.post('/challenge', challenge);
    app.post('/registration', registration);
    app.post('/assertion', assertion);
    app.post('/echo', protect, async (c) => c.json({ length: (await c.req.arrayBuffer()).byteLength }));
    app.post('/orders', protect, async (c) => c.json(seen(c.req.path, c.get('appAttest'), await c.req.json())));
    app.get('/orders/:id', protect, (c) => c.json(seen(c.req.path, c.get('appAttest'), undefined)));
    return serveNode(getRequestListener(app.fetch));
  },
};

export async function serveNode(listener: RequestListener): Promise<TestServer> {
  const server = createServer({ maxHeaderSize }, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: originOf(server),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export function originOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('the server has no port');
  return `http://127.0.0.1:${address.port}`;
}
