// Uses the types of app-attest/fastify as an application does. The type checker compiles this file with the types of Fastify 4
// and 5. The file is never run.
import {
  type AttestedFastifyRequest,
  type AttestedVerdict,
  type FastifyHandlers,
  fastifyHandlers,
  type SessionVerdict,
  type UnattestedVerdict,
  type Verdict,
} from 'app-attest/fastify';
import type { AppAttest } from 'app-attest/server';
import type { Sessions } from 'app-attest/session';
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
      isExactly<AttestedVerdict>()(attested, true);
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

/**
 * With `mode: 'report'` or a `mode` function, the verdict can be unattested. A handler that requires an attested verdict
 * does not compile.
 */
export function reported(appAttest: AppAttest): FastifyInstance {
  const { protect } = fastifyHandlers(appAttest, { mode: 'report' });
  const chosen: FastifyHandlers<Verdict> = fastifyHandlers(appAttest, {
    mode: (request, { keyId }) => (request.headers['x-app-build'] === '7' && keyId ? 'enforce' : 'report'),
    onDecision: ({ request, code }) => request.log.info({ code }),
  });
  isExactly<FastifyHandlers>()(fastifyHandlers(appAttest, { mode: 'enforce' }), true);

  const app = Fastify();
  app.post(
    '/orders/:id',
    protect<{ Body: { item: string } }>(async ({ body, appAttest: verdict }) => {
      isExactly<string>()(body.item, true);
      isExactly<Verdict>()(verdict, true);
      // @ts-expect-error the verdict can be unattested
      verdict.key;
      return verdict.attested ? verdict.key.keyId : verdict.code;
    }),
  );
  app.post(
    '/orders',
    chosen.protect(async ({ appAttest: verdict }) => verdict.attested),
  );
  app.post(
    '/other',
    // @ts-expect-error the handler requires an attested verdict
    protect(async ({ appAttest: { key } }: AttestedFastifyRequest) => key.keyId),
  );
  return app;
}

/** A handler behind `protectWithSession` never receives signed bytes. */
export function withSessions(appAttest: AppAttest, sessions: Sessions): FastifyInstance {
  const { session, jwks, protectWithSession } = fastifyHandlers(appAttest, { sessions });
  const reported = fastifyHandlers(appAttest, { sessions, mode: 'report' });
  // @ts-expect-error without the option sessions, the handler does not exist
  fastifyHandlers(appAttest).protectWithSession;

  const app = Fastify();
  app.post('/session', session);
  app.get('/jwks', jwks);
  app.get('/orders/:id', {
    schema: { params: { type: 'object' } },
    ...protectWithSession<{ Params: { id: string } }>(async ({ params, appAttest: attested }) => {
      isExactly<string>()(params.id, true);
      isExactly<SessionVerdict>()(attested, true);
      return attested.session.expiresAt;
    }),
  });
  app.get(
    '/orders',
    reported.protectWithSession(async ({ appAttest: verdict }) => {
      isExactly<SessionVerdict | UnattestedVerdict>()(verdict, true);
      return verdict.attested;
    }),
  );
  app.get(
    '/other',
    // @ts-expect-error the handler requires a signed request
    protectWithSession(async ({ appAttest: { payload } }: AttestedFastifyRequest) => payload),
  );
  return app;
}
