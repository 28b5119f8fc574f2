import multipart from '@fastify/multipart';
import express from 'express';
import Fastify from 'fastify';
import multer from 'multer';
import { expect, it } from 'vitest';
import { expressHandlers } from '../../src/http/express.js';
import { fastifyHandlers } from '../../src/http/fastify.js';
import type { AppAttest } from '../../src/server/index.js';
import { backendWithDevice } from '../support/backend.js';
import { serveNode, type TestServer } from '../support/http-servers.js';
import { signedHeaders } from '../support/signed-headers.js';

const options = { bodyLimit: 1 << 20 };
const FILE = 'x'.repeat(500_000);

const SERVERS: readonly [string, (appAttest: AppAttest) => Promise<TestServer>][] = [
  [
    'multer in Express',
    (appAttest) => {
      const app = express();
      const upload = multer({ storage: multer.memoryStorage() });
      app.post('/files', expressHandlers(appAttest, options).protect, upload.single('file'), (request, response) => {
        response.json({ title: request.body.title, file: request.file?.buffer.toString() });
      });
      return serveNode(app);
    },
  ],
  [
    '@fastify/multipart in Fastify',
    async (appAttest) => {
      const app = Fastify({ forceCloseConnections: true });
      await app.register(multipart);
      const { protect } = fastifyHandlers(appAttest, options);
      app.post(
        '/files',
        protect(async (request) => {
          const found: Record<string, string> = {};
          for await (const part of request.parts()) {
            found[part.fieldname] = part.type === 'file' ? (await part.toBuffer()).toString() : String(part.value);
          }
          return found;
        }),
      );
      const origin = await app.listen({ port: 0, host: '127.0.0.1' });
      return { origin, close: () => app.close() };
    },
  ],
];

it.each(SERVERS)('%s reads a signed form with a file', async (_, start) => {
  const { backend, device, keyId } = await backendWithDevice();
  const server = await start(backend);
  try {
    const form = new FormData();
    form.set('title', 'coffee');
    form.set('file', new Blob([FILE]), 'file.txt');
    const encoded = new Response(form);
    const body = Buffer.from(await encoded.arrayBuffer());
    const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
    const headers = await signedHeaders(device, keyId, { method: 'POST', target: '/files', challenge, body });
    const send = () =>
      fetch(`${server.origin}/files`, {
        method: 'POST',
        body: new Uint8Array(body),
        headers: { ...headers, 'content-type': encoded.headers.get('content-type') ?? '' },
      });
    expect(await (await send()).json()).toEqual({ title: 'coffee', file: FILE });
    expect((await send()).status).toBe(401);
  } finally {
    await server.close();
  }
});
