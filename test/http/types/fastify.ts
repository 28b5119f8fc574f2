// Uses the types of app-attest/fastify as users do. Compiled with the types of Fastify 4 and 5, and never run.
import { type FastifyHandlers, fastifyHandlers } from 'app-attest/fastify';
import type { AppAttest, AuthenticatedRequest } from 'app-attest/server';
import Fastify, { type FastifyInstance, type FastifyPluginAsync } from 'fastify';
import { isExactly } from './same.js';

export function routes(appAttest: AppAttest): FastifyInstance {
  const { challenge, registration, assertion, protect }: FastifyHandlers = fastifyHandlers(appAttest, {
    subject: (request) => request.ip,
  });

  const app = Fastify({ logger: true });
  app.post('/challenge', challenge);
  app.post('/registration', registration);
  app.route({ method: 'POST', url: '/assertion', ...assertion });

  app.get(
    '/orders',
    protect(async ({ appAttest: attested }) => {
      isExactly<AuthenticatedRequest>()(attested, true);
      return attested.key.keyId;
    }),
  );
  const order = protect<{ Body: { item: string }; Params: { id: string }; Querystring: { gift?: string } }>(
    async ({ body, params, query }, reply) => {
      isExactly<string>()(body.item, true);
      isExactly<string>()(params.id, true);
      isExactly<string | undefined>()(query.gift, true);
      return reply.code(201).send({ ordered: body.item });
    },
  );
  app.post('/orders/:id', { schema: { body: { type: 'object' } }, ...order });
  app.route({ method: 'PUT', url: '/orders/:id', ...order });
  app.put('/other/:id', { ...order, preValidation: [order.preValidation, async () => undefined] });

  const plugin: FastifyPluginAsync = async (instance) => {
    instance.post(
      '/inside',
      protect(async () => 'coffee'),
    );
  };
  app.register(plugin);
  return app;
}
