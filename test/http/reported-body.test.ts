import { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:http2';
import { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import express from 'express';
import Fastify, { type FastifyInstance, type FastifyRequest, type RequestPayload } from 'fastify';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { expressHandlers } from '../../src/http/express.js';
import { fastifyHandlers } from '../../src/http/fastify.js';
import { httpHandlers } from '../../src/http/index.js';
import { backendWithDevice } from '../support/backend.js';
import { serveNode, type TestServer } from '../support/http-servers.js';
import { proxied } from '../support/proxied-request.js';
import { signedHeaders } from '../support/signed-headers.js';

const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const { backend, device, keyId } = await backendWithDevice();

describe('the body for the handler of a protected route', () => {
  const text = JSON.stringify({ keyId, payload: 'x'.repeat(100_000), token: 'AAAA', item: 'coffee' });
  const sending = { method: 'POST', headers: { 'content-type': 'application/json' }, body: text };

  /**
   * Calls the app with `text` as the body, as a serverless host does: `complete` of the request is true before the body is
   * read. Returns the JSON of the response.
   */
  async function fromServerlessHost(app: express.Express, headers: Record<string, string>): Promise<unknown> {
    const request = new IncomingMessage(new Socket());
    Object.assign(request, { method: 'POST', url: '/orders', complete: true, headers });
    request._read = () => {
      request.push(text);
      request.push(null);
    };
    const response = new ServerResponse(request);
    const end = vi.spyOn(response, 'end');
    app(request, response);
    await expect.poll(() => end.mock.calls.length).toBe(1);
    return JSON.parse(String(end.mock.calls[0]?.[0]));
  }

  const READERS: readonly [string, (request: IncomingMessage) => Promise<string>][] = [
    [
      'with an async iterator',
      async (request) => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk);
        return Buffer.concat(chunks).toString();
      },
    ],
    [
      'through a pipe',
      async (request) => {
        const chunks: Buffer[] = [];
        for await (const chunk of request.pipe(new PassThrough())) chunks.push(chunk);
        return Buffer.concat(chunks).toString();
      },
    ],
    [
      'as text, with events',
      (request) => {
        return new Promise((resolve) => {
          let received = '';
          request.setEncoding('utf8').on('data', (chunk) => {
            received += chunk;
          });
          request.on('end', () => resolve(received));
        });
      },
    ],
    [
      'after 50 ms',
      async (request) => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        return Buffer.concat(await request.toArray()).toString();
      },
    ],
  ];

  describe.each([
    ['is within bodyLimit', {}],
    ['is longer than bodyLimit', { bodyLimit: 70_000 }],
  ])('in report mode, if it %s,', (_case, limits) => {
    it.each(READERS)('can be read in Express %s', async (_way, read) => {
      const { protect } = expressHandlers(backend, { mode: 'report', ...limits });
      const app = express();
      app.post('/orders', protect, async (request, response) => {
        response.json({ text: await read(request) });
      });
      const server = await serveNode(app);
      servers.push(server);
      const answer = await fetch(`${server.origin}/orders`, sending);
      expect(await answer.json()).toEqual({ text });
    });

    it.each(READERS)('can be read in Fastify from the raw request, as multipart plugins do, %s', async (_way, read) => {
      const { protect } = fastifyHandlers(backend, { mode: 'report', ...limits });
      const app = Fastify({ forceCloseConnections: true });
      app.removeAllContentTypeParsers();
      app.addContentTypeParser('*', (_request, _payload, done) => done(null));
      app.post(
        '/orders',
        protect(async ({ raw }) => ({ text: await read(raw) })),
      );
      const origin = await app.listen({ port: 0, host: '127.0.0.1' });
      servers.push({ origin, close: () => app.close() });
      const answer = await fetch(`${origin}/orders`, sending);
      expect(await answer.json()).toEqual({ text });
    });

    it.each([
      ['from the original stream', undefined],
      [
        'from the stream that a preParsing hook returned',
        async (_request: FastifyRequest, _reply: unknown, payload: RequestPayload) => {
          const passing = payload.pipe(new PassThrough());
          return Object.assign(passing, { receivedEncodedLength: text.length });
        },
      ],
    ])('is parsed by Fastify %s, for a request from app.inject()', async (_way, preParsing) => {
      const { protect } = fastifyHandlers(backend, { mode: 'report', ...limits });
      const app = Fastify();
      if (preParsing) app.addHook('preParsing', preParsing);
      app.post('/orders', {
        schema: { body: { type: 'object', required: ['item'] } },
        ...protect(async ({ body, appAttest }) => ({ body, attested: appAttest.attested })),
      });
      const answer = await app.inject({ method: 'POST', url: '/orders', headers: sending.headers, payload: text });
      expect(answer.json()).toEqual({ body: JSON.parse(text), attested: false });
      const other = await app.inject({ method: 'POST', url: '/orders', headers: sending.headers, payload: '{}' });
      expect(other.statusCode, 'status of a body that does not match the schema').toBe(400);
    });
  });

  it.each([
    ['report', 'with', { 'content-length': String(Buffer.byteLength(text)) }],
    ['report', 'without', {}],
    ['enforce', 'with', { 'content-length': String(Buffer.byteLength(text)) }],
    ['enforce', 'without', {}],
  ] as const)('is complete over HTTP/2 (mode %s, %s Content-Length)', async (mode, _case, length) => {
    const { protect } = fastifyHandlers(backend, { mode: () => mode });
    // The types of Fastify's routes differ for HTTP/2.
    const app: FastifyInstance = Reflect.apply(Fastify, undefined, [{ http2: true }]);
    app.post(
      '/orders',
      protect<{ Body: { item: string } }>(async ({ body, appAttest }) => ({ body, attested: appAttest.attested })),
    );
    const session = connect(await app.listen({ port: 0, host: '127.0.0.1' }));
    servers.push({ origin: '', close: async () => Promise.all([session.close(), app.close()]).then(() => undefined) });
    const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
    const signed = await signedHeaders(device, keyId, { method: 'POST', target: '/orders', challenge, body: text });
    const stream = session.request({
      ':method': 'POST',
      ':path': '/orders',
      'content-type': 'application/json',
      ...signed,
      ...length,
    });
    stream.end(text);
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    const answer = JSON.parse(Buffer.concat(chunks).toString());
    expect(answer).toEqual({ body: JSON.parse(text), attested: true });
  });

  it('in report mode is still the value that a body parser created before the middleware', async () => {
    const codes: unknown[] = [];
    const { protect } = expressHandlers(backend, { mode: 'report', onDecision: ({ code }) => codes.push(code) });
    const app = express();
    app.use(express.json());
    app.post('/orders', protect, (request, response) => {
      response.json({ item: request.body.item });
    });
    const server = await serveNode(app);
    servers.push(server);
    const answer = await fetch(`${server.origin}/orders`, { ...sending, body: '{"item":"coffee"}' });
    expect(await answer.json()).toEqual({ item: 'coffee' });
    await expect.poll(() => codes).toEqual(['body_already_read']);
  });

  it('can be parsed in report mode on a serverless host, where the request is complete before it is read', async () => {
    const { protect } = expressHandlers(backend, { mode: 'report' });
    const app = express();
    app.post('/orders', protect, express.json({ limit: '1mb' }), (request, response) => {
      response.json({ item: request.body.item, verdict: response.locals.appAttest });
    });
    const headers = { ...sending.headers, 'content-length': String(text.length) };
    expect(await fromServerlessHost(app, headers)).toMatchObject({ item: 'coffee', verdict: { attested: false } });
  });

  it('is not treated as empty if a request from a serverless host has no Content-Length', async () => {
    const { protect } = expressHandlers(backend, { mode: 'report' });
    const app = express();
    app.post('/orders', protect, async (incoming, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk);
      response.json({ body: Buffer.concat(chunks).toString(), verdict: response.locals.appAttest });
    });
    const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
    const signed = await signedHeaders(device, keyId, { method: 'POST', target: '/orders', challenge, body: '' });
    const headers = Object.fromEntries(Object.entries(signed).map(([name, value]) => [name.toLowerCase(), value]));
    const answer = await fromServerlessHost(app, headers);
    expect(answer).toEqual({ body: text, verdict: { attested: false, code: 'request_mismatch' } });
  });

  it('arrives in report mode in a Request of the same subclass, with the same headers and signal, also behind a Proxy', async () => {
    class NextRequest extends Request {
      readonly nextUrl = new URL(this.url);
    }
    let connection = new AbortController();
    const { protect } = httpHandlers(backend, { mode: 'report' });
    const handler = protect(async (request: NextRequest, verdict) => {
      const text = await request.text();
      connection.abort();
      return Response.json({
        path: request.nextUrl.pathname,
        text,
        type: request.headers.get('content-type'),
        signal: request.signal.aborted,
        attested: verdict.attested,
      });
    });
    for (const pass of [(passed: NextRequest) => passed, proxied]) {
      connection = new AbortController();
      const { signal } = connection;
      const response = await handler(pass(new NextRequest('http://localhost/orders', { ...sending, signal })));
      expect(await response.json()).toEqual({
        path: '/orders',
        text,
        type: 'application/json',
        signal: true,
        attested: false,
      });
    }
  });
});
