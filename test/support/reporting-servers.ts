import { createServer, type RequestListener } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { expressHandlers } from '../../src/http/express.js';
import { fastifyHandlers } from '../../src/http/fastify.js';
import { honoHandlers } from '../../src/http/hono.js';
import type { HttpOptions } from '../../src/http/http-options.js';
import { httpHandlers, type Mode, type ModeClaims, type Verdict } from '../../src/http/index.js';
import type { AppAttest } from '../../src/server/index.js';
import { originOf, serveNode, type TestServer } from './http-servers.js';

/** Options for every framework. A `mode` function can use only the claims, because each framework has its own request. */
export type ReportingOptions = Omit<HttpOptions<unknown>, 'subject' | 'mode'> & {
  subject?: () => string | undefined;
  mode: Mode | ((request: unknown, claims: ModeClaims) => Mode);
};

/**
 * A server whose protected routes return the verdict that they receive. `POST /raw` also returns the bytes of the body, and
 * `POST /json` the body that the framework parsed. `POST /ignored` and `GET /orders` return only the verdict.
 */
export type StartReporting = (appAttest: AppAttest, options: ReportingOptions) => Promise<TestServer>;

const ofVerdict = (verdict: Verdict) => ({ verdict: verdict.attested ? verdict.key.keyId : verdict.code });
const raw = (verdict: Verdict, type: unknown, bytes: Uint8Array) => ({
  ...ofVerdict(verdict),
  type,
  base64: Buffer.from(bytes).toString('base64'),
});
const parsed = (verdict: Verdict, json: unknown) => ({ ...ofVerdict(verdict), json });

export const REPORTING: Readonly<Record<string, StartReporting>> = {
  'app-attest/http': async (appAttest, options) => {
    const { challenge, registration, assertion, protect } = httpHandlers(appAttest, options);
    const handlers: Record<string, (request: Request) => Promise<Response>> = {
      '/raw': protect(async (request, verdict) => {
        const type = request.headers.get('content-type');
        return Response.json(raw(verdict, type, new Uint8Array(await request.arrayBuffer())));
      }),
      '/json': protect(async (request, verdict) => Response.json(parsed(verdict, await request.json()))),
      '/ignored': protect((_request, verdict) => Response.json(ofVerdict(verdict))),
      '/orders': protect((_request, verdict) => Response.json(ofVerdict(verdict))),
      '/challenge': challenge,
      '/registration': registration,
      '/assertion': assertion,
    };
    const nothing = async (_request: Request) => new Response(null, { status: 404 });
    return serveNode(getRequestListener((request) => (handlers[new URL(request.url).pathname] ?? nothing)(request)));
  },

  'app-attest/express': async (appAttest, options) => {
    const { challenge, registration, assertion, protect } = expressHandlers(appAttest, options);
    const app = express();
    app.post('/raw', protect, express.raw({ type: () => true, limit: '10mb' }), (request, response) => {
      const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      response.json(raw(response.locals.appAttest, request.get('content-type'), bytes));
    });
    app.post('/json', protect, express.json(), (request, response) => {
      response.json(parsed(response.locals.appAttest, request.body));
    });
    app.post('/ignored', protect, (_request, response) => {
      response.json(ofVerdict(response.locals.appAttest));
    });
    app.get('/orders', protect, (_request, response) => {
      response.json(ofVerdict(response.locals.appAttest));
    });
    app.post('/challenge', challenge);
    app.post('/registration', registration);
    app.post('/assertion', assertion);
    return serveNode(app);
  },

  'app-attest/fastify': async (appAttest, options) => {
    const { challenge, registration, assertion, protect } = fastifyHandlers(appAttest, options);
    const serverFactory = (listener: RequestListener) => createServer(listener);
    const app = Fastify({ serverFactory, forceCloseConnections: true, bodyLimit: 10 << 20 });
    app.register(async (scope) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
      scope.post(
        '/raw',
        protect<{ Body: Buffer | undefined }>(async ({ body, headers, appAttest: verdict }) => {
          return raw(verdict, headers['content-type'], body ?? Buffer.alloc(0));
        }),
      );
    });
    app.post('/json', {
      schema: { body: { type: 'object' } },
      ...protect(async ({ body, appAttest: verdict }) => parsed(verdict, body)),
    });
    app.register(async (scope) => {
      // Fastify does not read the body, and neither does the handler.
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
      scope.post(
        '/ignored',
        protect(async ({ appAttest: verdict }) => ofVerdict(verdict)),
      );
    });
    app.get(
      '/orders',
      protect(async ({ appAttest: verdict }) => ofVerdict(verdict)),
    );
    app.post('/challenge', challenge);
    app.post('/registration', registration);
    app.post('/assertion', assertion);
    await app.listen({ port: 0, host: '127.0.0.1' });
    return { origin: originOf(app.server), close: () => app.close() };
  },

  'app-attest/hono': async (appAttest, options) => {
    const { challenge, registration, assertion, protect } = honoHandlers(appAttest, options);
    const app = new Hono();
    app.onError(() => new Response(null, { status: 500 }));
    app.post('/raw', protect, async (c) => {
      const bytes = new Uint8Array(await c.req.arrayBuffer());
      return c.json(raw(c.get('appAttest'), c.req.header('content-type'), bytes));
    });
    app.post('/json', protect, async (c) => c.json(parsed(c.get('appAttest'), await c.req.json())));
    app.post('/ignored', protect, (c) => c.json(ofVerdict(c.get('appAttest'))));
    app.get('/orders', protect, (c) => c.json(ofVerdict(c.get('appAttest'))));
    app.post('/challenge', challenge);
    app.post('/registration', registration);
    app.post('/assertion', assertion);
    return serveNode(getRequestListener(app.fetch));
  },
};
