import { getRequestListener } from '@hono/node-server';
import { it } from 'vitest';
import { trusting, useExample } from '../support/example-backend.js';
import { serveNode } from '../support/http-servers.js';

it('the example for Fetch accepts protected requests only from registered devices', async () => {
  const { fetchHandler } = await trusting(() => import('../../examples/fetch.js'));
  const server = await serveNode(getRequestListener(fetchHandler));
  try {
    await useExample(server);
  } finally {
    await server.close();
  }
});
