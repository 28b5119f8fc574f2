import { Readable } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { expressHandlers } from '../../src/http/express.js';
import { fastifyHandlers } from '../../src/http/fastify.js';
import { honoHandlers } from '../../src/http/hono.js';
import { httpHandlers } from '../../src/http/index.js';
import type { AppAttest } from '../../src/server/index.js';
import { backendWithDevice } from '../support/backend.js';
import { serveNode, type TestServer } from '../support/http-servers.js';
import { signedForm } from '../support/signed-form.js';

const options = { bodyLimit: 1 << 20 };
const OTHER = 'other';
/** A file with lines that look like a part with the boundary `other`. */
const FILE = `--${OTHER}\r\nContent-Disposition: form-data; name="admin"\r\n\r\nyes\r\n--${OTHER}--\r\n${'x'.repeat(200_000)}`;

/**
 * Returns the fields of a form as a handler parses them, with the contents of files as text. Returns `'no form'` if the content
 * type is not that of a form.
 */
async function fieldsOf(body: BodyStream, contentType: string | null | undefined): Promise<unknown> {
  if (!contentType?.startsWith('multipart/')) return 'no form';
  const form = await new Response(body, { headers: { 'content-type': contentType } }).formData();
  const entries = [...form].map(async ([name, value]) => [
    name,
    typeof value === 'string' ? value : await value.text(),
  ]);
  return Object.fromEntries(await Promise.all(entries));
}

type BodyStream = ReadableStream<Uint8Array> | null;

/** Reads the stream of a Node.js request as `multer` and `@fastify/multipart` do. */
const streamOf = (stream: Readable): BodyStream => Readable.toWeb(stream) as never;

const SERVERS: Readonly<Record<string, (appAttest: AppAttest) => Promise<TestServer>>> = {
  Express: (appAttest) => {
    const app = express();
    app.post('/files', expressHandlers(appAttest, options).protect, async (request, response) => {
      const isForm = request.readableLength > 0;
      response.json(
        await fieldsOf(isForm ? streamOf(request) : null, isForm ? request.headers['content-type'] : undefined),
      );
    });
    return serveNode(app);
  },
  Fastify: async (appAttest) => {
    const app = Fastify({ forceCloseConnections: true });
    app.addContentTypeParser('multipart/form-data', (request, payload, done) => {
      fieldsOf(streamOf(payload), request.headers['content-type']).then((fields) => done(null, fields), done);
    });
    const { protect } = fastifyHandlers(appAttest, options);
    app.post(
      '/files',
      protect(async ({ body }) => (Buffer.isBuffer(body) ? JSON.stringify('no form') : body)),
    );
    await app.listen({ port: 0, host: '127.0.0.1' });
    const address = app.server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return { origin: `http://127.0.0.1:${address.port}`, close: () => app.close() };
  },
  Hono: (appAttest) => {
    const app = new Hono();
    app.post('/files', honoHandlers(appAttest, options).protect, async (c) =>
      c.json(await fieldsOf(c.req.raw.body, c.req.raw.headers.get('content-type'))),
    );
    return serveNode(getRequestListener(app.fetch));
  },
  Fetch: (appAttest) => {
    const handler = httpHandlers(appAttest, options).protect(async (request) =>
      Response.json(await fieldsOf(request.body, request.headers.get('content-type'))),
    );
    return serveNode(getRequestListener((request) => handler(request)));
  },
};

describe.each(Object.entries(SERVERS))('a signed form after protect in %s', (_, start) => {
  async function upload(contentType: (genuine: string) => string, change = (body: Buffer): Buffer => body) {
    const { backend, device, keyId } = await backendWithDevice();
    const server = await start(backend);
    try {
      const { body, headers, contentType: genuine } = await signedForm(backend, device, keyId, FILE);
      const response = await fetch(`${server.origin}/files`, {
        method: 'POST',
        body: new Uint8Array(change(body)),
        headers: { ...headers, 'content-type': contentType(genuine) },
      });
      return { status: response.status, json: await response.json() };
    } finally {
      await server.close();
    }
  }

  it('reaches the parser of the framework, with its fields and files', async () => {
    expect(await upload((genuine) => genuine)).toEqual({ status: 200, json: { title: 'coffee', file: FILE } });
  });

  it('is not parsed with a boundary that the app did not sign', async () => {
    for (const forged of [`multipart/form-data; boundary=${OTHER}`, 'multipart/form-data']) {
      expect(await upload(() => forged)).toEqual({ status: 200, json: 'no form' });
    }
  });

  it('is rejected if one byte differs', async () => {
    const changed = (body: Buffer) => Buffer.concat([body.subarray(0, -9), Buffer.from([1]), body.subarray(-8)]);
    expect(await upload((genuine) => genuine, changed)).toMatchObject({
      status: 401,
      json: { error: 'request_mismatch' },
    });
  });
});
