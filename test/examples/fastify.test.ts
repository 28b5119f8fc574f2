import { it } from 'vitest';

import { findOrder, trusting, useExample } from '../support/example-backend.js';

it('the example for Fastify accepts protected requests only from registered devices', async () => {
  const { app } = await trusting(() => import('../../examples/fastify.js'));
  const server = { origin: await app.listen({ port: 0, host: '127.0.0.1' }), close: () => app.close() };
  try {
    await useExample(server);
    await findOrder(server);
  } finally {
    await server.close();
  }
});
