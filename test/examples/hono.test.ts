import { getRequestListener } from '@hono/node-server';
import { it } from 'vitest';
import { findOrder, trusting, useExample } from '../support/example-backend.js';
import { serveNode } from '../support/http-servers.js';

it('the example for Hono accepts protected requests only from registered devices', async () => {
  const { app } = await trusting(() => import('../../examples/hono.js'));
  const server = await serveNode(getRequestListener(app.fetch));
  try {
    await useExample(server);
    await findOrder(server);
  } finally {
    await server.close();
  }
});
