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
import { signedForm } from '../support/signed-form.js';

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

it.each(SERVERS)('%s reads a signed form with a file behind protect', async (_, start) => {
  const { backend, device, keyId } = await backendWithDevice();
  const server = await start(backend);
  try {
    const { body, headers, contentType } = await signedForm(backend, device, keyId, FILE);
    const send = () =>
      fetch(`${server.origin}/files`, {
        method: 'POST',
        body: new Uint8Array(body),
        headers: { ...headers, 'content-type': contentType },
      });
    expect(await (await send()).json()).toEqual({ title: 'coffee', file: FILE });
    expect((await send()).status).toBe(401);
  } finally {
    await server.close();
  }
});
