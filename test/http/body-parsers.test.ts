import { PassThrough, Readable } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import express, { type RequestHandler } from 'express';
import Fastify, { type FastifyRequest, type preParsingAsyncHookHandler, type RequestPayload } from 'fastify';
import { Hono, type MiddlewareHandler } from 'hono';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { expressHandlers } from '../../src/http/express.js';
import { fastifyHandlers } from '../../src/http/fastify.js';
import { honoHandlers } from '../../src/http/hono.js';
import { type Decision, httpHandlers } from '../../src/http/index.js';
import { backendWithDevice } from '../support/backend.js';
import { Client } from '../support/http-client.js';
import { serveNode, type TestServer } from '../support/http-servers.js';
import { proxied } from '../support/proxied-request.js';
import { send } from '../support/raw-http.js';
import { signedHeaders } from '../support/signed-headers.js';

const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const { backend, device, keyId } = await backendWithDevice();

/**
 * Sends one request. The assertion is in the headers, or in the body as JSON of the Capacitor plugin. `advice` returns the
 * messages of the errors that `onDecision` received.
 */
async function order(
  server: TestServer,
  decisions: readonly Decision[],
  way: 'headers' | 'body',
  type: Record<string, string> = {},
  body = '{ "item": "coffee" }',
) {
  servers.push(server);
  const client = new Client(server.origin, device);
  client.keyId = keyId;
  const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
  const request = { method: 'POST', target: '/orders', challenge, body };
  const answer =
    way === 'headers'
      ? await client.post('/orders', body, { ...(await signedHeaders(device, keyId, request)), ...type })
      : await client.post(
          '/orders',
          JSON.stringify({ ...(await client.body(`POST /orders\n${challenge}\n${body}`)), item: 'gold' }),
          {},
        );
  const { status, body: answered } = answer;
  return { status, body: answered, advice: () => decisions.map(({ error }) => error?.message).join('\n') };
}

const READ_ALREADY = { status: 500, body: { error: 'body_already_read' } };
const ORDERED = { status: 200, body: { item: 'coffee' } };
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

describe('the Express middleware', () => {
  async function serve(...middleware: RequestHandler[]) {
    const decisions: Decision[] = [];
    const { protect } = expressHandlers(backend, { onDecision: (decision) => decisions.push(decision) });
    const app = express();
    for (const one of middleware) app.use(one);
    app.post('/orders', protect, express.json(), (request, response) => {
      response.json({ item: request.body.item });
    });
    return [await serveNode(app), decisions] as const;
  }

  it.each(['headers', 'body'] as const)(
    'rejects a request signed in the %s if express.json() already read its body, and explains how to keep the bytes',
    async (way) => {
      const answer = await order(...(await serve(express.json())), way);
      expect(answer).toMatchObject(READ_ALREADY);
      await expect
        .poll(answer.advice)
        .toMatch(
          /was already read.*before express\.json\(\).*verify: .*rawBody: bytes.*NestFactory.create\(AppModule, { rawBody: true }\)/,
        );
    },
  );

  const keep = express.json({
    verify: (request, _response, bytes) => {
      Object.assign(request, { rawBody: bytes });
    },
  });
  it.each([
    ['before express.json()', () => []],
    ['after an express.json() that keeps the raw bytes', () => [keep]],
    ['after express.raw()', () => [express.raw({ type: () => true })]],
    ['after a parser that does not parse JSON', () => [express.urlencoded()]],
  ])('%s gives the handler the signed content', async (_, middleware) => {
    for (const way of ['headers', 'body'] as const) {
      expect(await order(...(await serve(...middleware())), way)).toMatchObject(ORDERED);
    }
  });

  it('enforces bodyLimit for the bytes that express.json() kept', async () => {
    const decisions: Decision[] = [];
    const { protect } = expressHandlers(backend, { bodyLimit: 10 });
    const app = express();
    app.use(keep);
    app.post('/orders', protect);
    expect(await order(await serveNode(app), decisions, 'headers')).toMatchObject({ status: 413 });
  });

  it('keeps request.ip available for logs until the response to a body that is too large is sent', async () => {
    const addresses: (string | undefined)[] = [];
    const app = express();
    app.use((request, response, next) => {
      response.on('finish', () => addresses.push(request.ip));
      next();
    });
    app.post('/orders', expressHandlers(backend, { bodyLimit: 10 }).protect);
    const server = await serveNode(app);
    servers.push(server);
    const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
    const body = 'x'.repeat(20);
    const headers = await signedHeaders(device, keyId, { method: 'POST', target: '/orders', challenge, body });
    const answer = await send(server.origin, { path: '/orders', headers, chunks: [body] });
    expect(answer).toMatchObject({ status: 413, body: { error: 'body_too_large' } });
    await expect.poll(() => addresses).toEqual(['127.0.0.1']);
  });

  it('lets no later parser read JSON that has the content type of a form', async () => {
    const { protect } = expressHandlers(backend);
    const app = express();
    app.post('/orders', protect, express.urlencoded(), express.text({ type: () => true }), (request, response) => {
      response.json({ item: request.body.item });
    });
    expect(await order(await serveNode(app), [], 'headers', FORM)).toMatchObject(ORDERED);
  });

  it('rejects a request if setEncoding() converts its body to text', async () => {
    const decode: RequestHandler = (request, _response, next) => {
      request.setEncoding('utf8');
      next();
    };
    expect(await order(...(await serve(decode)), 'headers')).toMatchObject(READ_ALREADY);
  });

  it('emits a process warning if express.json() already read the body and onDecision is absent', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const app = express();
    app.use(express.json());
    app.post('/orders', expressHandlers(backend).protect);
    await order(await serveNode(app), [], 'headers');
    await expect.poll(() => warn.mock.calls.map(String).join()).toMatch(/before express\.json\(\)/);
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
  });
});

/** Ends a stream with an error, which ends the process if the stream has no listener for errors. */
function fail(stream: PassThrough): Promise<void> {
  return new Promise((resolve) => stream.once('close', resolve).destroy(new Error('incorrect data check')));
}

describe('the Fastify handlers', () => {
  async function serve(preParsing?: preParsingAsyncHookHandler) {
    const decisions: Decision[] = [];
    const { protect } = fastifyHandlers(backend, { onDecision: (decision) => decisions.push(decision) });
    const app = Fastify({ forceCloseConnections: true });
    if (preParsing) app.addHook('preParsing', preParsing);
    app.post(
      '/orders',
      protect<{ Body: { item: string } }>(async ({ body }) => ({ item: body.item })),
    );
    const origin = await app.listen({ port: 0, host: '127.0.0.1' });
    return [{ origin, close: () => app.close() }, decisions] as const;
  }

  it.each(['headers', 'body'] as const)('give your handler the content that is signed in the %s', async (way) => {
    expect(await order(...(await serve()), way)).toMatchObject(ORDERED);
  });

  it('reject a request if a preParsing hook consumed its body, and explain what the hook must return', async () => {
    const [server, decisions] = await serve(async (_request, _reply, payload) => {
      for await (const _chunk of payload);
      return payload;
    });
    const answer = await order(server, decisions, 'headers');
    expect(answer).toMatchObject(READ_ALREADY);
    await expect.poll(answer.advice).toMatch(/must return a new stream with the same bytes/);
  });

  it('give your handler the signed content if a preParsing hook returns a new stream with the same bytes', async () => {
    const serving = await serve(async ({ headers }, _reply, payload) => {
      const chunks: Buffer[] = [];
      for await (const chunk of payload) chunks.push(Buffer.from(chunk));
      return Object.assign(Readable.from(chunks), { receivedEncodedLength: Number(headers['content-length']) });
    });
    expect(await order(...serving, 'headers')).toMatchObject(ORDERED);
  });

  it.each([
    [
      'preParsing',
      { preParsing: async (_request: FastifyRequest, _reply: unknown, payload: RequestPayload) => payload },
    ],
    ['preValidation', { preValidation: async () => undefined }],
  ])('reject requests if the %s hook of a protected route was replaced', async (_, hook) => {
    const { protect } = fastifyHandlers(backend);
    const app = Fastify({ forceCloseConnections: true });
    app.post('/orders', { ...protect(async () => ({ item: 'coffee' })), ...hook });
    const origin = await app.listen({ port: 0, host: '127.0.0.1' });
    expect(await order({ origin, close: () => app.close() }, [], 'headers')).toMatchObject({ status: 500 });
  });

  it.each([
    ['enforce', 401],
    ['report', 400],
  ] as const)(
    'in the mode %s, respond if the stream of a hook fails while the server decides',
    async (mode, status) => {
      const inflated = new PassThrough();
      const { protect } = fastifyHandlers(backend, {
        mode: () => mode,
        subject: async () => {
          await fail(inflated);
          return 'alice';
        },
      });
      const app = Fastify({ forceCloseConnections: true });
      // A hook that decompresses the body returns such a stream.
      app.addHook('preParsing', async () => Object.assign(inflated, { receivedEncodedLength: 0 }));
      app.post(
        '/orders',
        protect(async () => ({ item: 'coffee' })),
      );
      const origin = await app.listen({ port: 0, host: '127.0.0.1' });
      const server = { origin, close: () => app.close() };
      expect(await order(server, [], 'headers')).toMatchObject({ status });
    },
  );

  it('respond if the stream of a hook fails after a long body was rejected', async () => {
    const inflated = new PassThrough();
    inflated.write(Buffer.alloc(2000));
    const { registration } = fastifyHandlers(backend, { registrationLimit: 1000 });
    const app = Fastify({ forceCloseConnections: true });
    app.addHook('preParsing', async (request) => {
      request.headers['content-length'] = undefined;
      return Object.assign(inflated, { receivedEncodedLength: 0 });
    });
    app.post('/orders', registration);
    const origin = await app.listen({ port: 0, host: '127.0.0.1' });
    expect(await order({ origin, close: () => app.close() }, [], 'body')).toMatchObject({ status: 413 });
    await fail(inflated);
  });

  const coffee = { type: 'object', required: ['item'], properties: { item: { enum: ['coffee'] } } };

  /** A server that parses forms and validates bodies with a schema. */
  async function serveForms(
    schema: object = coffee,
    onRequest: (request: FastifyRequest) => unknown = () => undefined,
  ): Promise<TestServer> {
    const { protect } = fastifyHandlers(backend, { onDecision: () => undefined });
    const app = Fastify({ forceCloseConnections: true });
    app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
      done(null, Object.fromEntries(new URLSearchParams(String(body))));
    });
    app.addHook('onRequest', async (request) => void onRequest(request));
    app.post('/orders', {
      schema: { body: schema },
      ...protect<{ Body: { item: string } }>(async ({ body, headers }) => ({
        item: body.item,
        type: headers['content-type'],
      })),
    });
    return { origin: await app.listen({ port: 0, host: '127.0.0.1' }), close: () => app.close() };
  }

  const RELABELLED: readonly [string, Record<string, string>][] = [
    ['application/x-www-form-urlencoded', FORM],
    ['text/plain', { 'content-type': 'text/plain' }],
    ['x/y, which Fastify does not know,', { 'content-type': 'x/y' }],
    ['x, which is not a media type,', { 'content-type': 'x' }],
  ];

  it.each(RELABELLED)('treat JSON with the content type %s as JSON, and validate it', async (_, type) => {
    expect(await order(await serveForms(), [], 'headers', type)).toMatchObject({
      status: 200,
      body: { item: 'coffee', type: 'application/json' },
    });
    expect(await order(await serveForms(), [], 'headers', type, '{"item":"gold"}')).toMatchObject({ status: 400 });
  });

  // Fastify 4.0.0 had no schemas for individual media types.
  describe.skipIf(Fastify().version === '4.0.0')('with a schema only for the media type JSON', () => {
    const schema = { content: { 'application/json': { schema: coffee } } };

    it.each(RELABELLED)('validate JSON with the content type %s', async (_, type) => {
      expect(await order(await serveForms(schema), [], 'headers', type)).toMatchObject({ status: 200 });
      const gold = await order(await serveForms(schema), [], 'headers', type, '{"item":"gold"}');
      expect(gold).toMatchObject({ status: 400 });
    });

    it('reject a request with another media type if a hook read request.mediaType before', async () => {
      const read = (request: FastifyRequest): unknown => Reflect.get(request, 'mediaType');
      const gold = await order(await serveForms(schema, read), [], 'headers', FORM, '{"item":"gold"}');
      expect(gold.status).toBeGreaterThanOrEqual(400);
    });
  });

  it('reject a body with the property __proto__, as Fastify itself does', async () => {
    const body = '{"item":"coffee","__proto__":{"admin":true}}';
    expect(await order(await serveForms(), [], 'headers', {}, body)).toMatchObject({ status: 400 });
  });
});

describe('the Hono middleware', () => {
  async function serve(...middleware: MiddlewareHandler[]) {
    const decisions: Decision[] = [];
    const { protect } = honoHandlers(backend, { onDecision: (decision) => decisions.push(decision) });
    const app = new Hono();
    for (const one of middleware) app.use(one);
    app.post('/orders', protect, async (c) => {
      const { item } = await c.req.json();
      return c.json({ item });
    });
    return [await serveNode(getRequestListener(app.fetch)), decisions] as const;
  }
  const reading = (method: 'json' | 'text' | 'arrayBuffer'): MiddlewareHandler => {
    return async (c, next) => {
      await c.req[method]();
      await next();
    };
  };

  it.each(['json', 'text'] as const)(
    'rejects a request if c.req.%s() already read its body, and explains what to call instead',
    async (method) => {
      const answer = await order(...(await serve(reading(method))), 'headers');
      expect(answer).toMatchObject(READ_ALREADY);
      await expect.poll(answer.advice).toMatch(/or read the body with c\.req\.arrayBuffer\(\)/);
    },
  );

  it('treats JSON with the content type of a form as JSON', async () => {
    const app = new Hono();
    app.post('/orders', honoHandlers(backend).protect, async (c) => {
      const isForm = c.req.header('content-type')?.includes('form');
      return c.json(isForm ? await c.req.parseBody() : { item: (await c.req.json()).item });
    });
    const server = await serveNode(getRequestListener(app.fetch));
    expect(await order(server, [], 'headers', FORM)).toMatchObject(ORDERED);
  });

  it.each(['headers', 'body'] as const)(
    'accepts a request signed in the %s, even if c.req.arrayBuffer() already read its body',
    async (way) => {
      expect(await order(...(await serve()), way)).toMatchObject(ORDERED);
      expect(await order(...(await serve(reading('arrayBuffer'))), way)).toMatchObject(ORDERED);
    },
  );
});

describe('a Fetch Request', () => {
  it('is rejected if other code read or locked its body, and the error explains what to call', async () => {
    const decisions: Decision[] = [];
    const { protect } = httpHandlers(backend, { onDecision: (decision) => decisions.push(decision) });
    const handler = protect(async () => Response.json({}));
    const make = async () => {
      const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
      const request = { method: 'POST', body: '{}' };
      const headers = await signedHeaders(device, keyId, { ...request, target: '/orders', challenge });
      return new Request('http://localhost/orders', { ...request, headers });
    };
    const [read, locked, released] = [await make(), await make(), await make()];
    await read.text();
    locked.body?.getReader();
    const reader = released.body?.getReader();
    await reader?.read();
    reader?.releaseLock();
    for (const request of [read, locked, released]) {
      const response = await handler(request);
      expect({ status: response.status, body: await response.json() }).toEqual(READ_ALREADY);
    }
    await expect.poll(() => decisions.map(({ error }) => error?.message).join('\n')).toMatch(/read request\.clone/);
  });

  it('reaches the handler with the other arguments of the route, without the original Content-Length', async () => {
    const { protect } = httpHandlers(backend);
    const handler = protect((request, { key }, { id }: { id: string }) => {
      return Response.json({ id, keyId: key.keyId, length: request.headers.get('content-length') });
    });
    const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
    const payload = `POST /\n${challenge}\n{}`;
    const body = JSON.stringify(await device.capacitor.createAssertion({ keyId, payload }));
    const headers = { 'content-type': 'application/json', 'content-length': String(body.length) };
    const response = await handler(new Request('http://localhost/', { method: 'POST', body, headers }), { id: '7' });
    expect(await response.json()).toEqual({ id: '7', keyId, length: null });
  });

  it('stays an instance of its subclass, such as NextRequest, also if the handler receives a Proxy', async () => {
    class NextRequest extends Request {
      readonly nextUrl = new URL(this.url);
    }
    const { protect } = httpHandlers(backend);
    const handler = protect(async (request: NextRequest) => {
      return Response.json({ path: request.nextUrl.pathname, body: await request.json() });
    });
    const request = { method: 'POST', body: '{"item":"coffee"}' };
    for (const pass of [(passed: NextRequest) => passed, proxied]) {
      const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
      const headers = await signedHeaders(device, keyId, { ...request, target: '/orders', challenge });
      const response = await handler(pass(new NextRequest('http://localhost/orders', { ...request, headers })));
      expect(await response.json()).toEqual({ path: '/orders', body: { item: 'coffee' } });
    }
  });
});
