// Uses the types of app-attest/express as an application does. The type checker compiles this file with the types of Express 4
// and 5. The file is never run.
import {
  type AppAttestLocals,
  type AttestedVerdict,
  type ExpressHandlers,
  type ExpressSessionHandlers,
  expressHandlers,
  type SessionVerdict,
  type UnattestedVerdict,
  type Verdict,
} from 'app-attest/express';
import type { AppAttest } from 'app-attest/server';
import type { Sessions } from 'app-attest/session';
import express, { type NextFunction, type Request, type RequestHandler, type Response, Router } from 'express';
import { isExactly } from './same.js';

declare global {
  namespace Express {
    interface Locals {
      tenant?: string;
    }
    interface Request {
      user?: { id: string };
    }
  }
}

interface Order {
  item: string;
}

export function routes(appAttest: AppAttest): express.Express {
  const { challenge, registration, assertion, protect }: ExpressHandlers = expressHandlers(appAttest, {
    subject: (request) => request.get('x-user'),
  });
  const handlers: RequestHandler[] = [challenge, registration, assertion, protect];
  const handler: RequestHandler = protect;

  const app = express();
  app.use(protect);
  app.use('/orders', protect);
  app.use('/orders', [protect, handler]);
  app.all('/all', handlers);
  app.post('/challenge', challenge);
  app.post('/registration', express.json(), registration);
  app.use(express.json({ verify: (request, _response, bytes) => void Object.assign(request, { rawBody: bytes }) }));
  expressHandlers(appAttest, { subject: (request) => request.user?.id });

  app.post('/orders/:id', protect, (request, response) => {
    isExactly<string>()(request.params.id, true);
    // @ts-expect-error the path has no parameter `other`
    request.params.other;
    isExactly<express.Request['query']>()(request.query, true);
    isExactly<AttestedVerdict>()(response.locals.appAttest, true);
    // @ts-expect-error the verdict has no property `none`
    response.locals.appAttest.none;
    isExactly<string | undefined>()(response.locals.tenant, true);
    // @ts-expect-error Express.Locals declares no property `tenants`
    response.locals.tenants;
    response.json({ id: request.params.id });
  });

  app.post('/orders/:id', protect, (request: Request<{ id: string }, unknown, Order, { gift: string }>, response) => {
    response.json({ id: request.params.id, item: request.body.item, gift: request.query.gift });
  });

  app.post('/orders', protect, async (request: Request, response: Response<unknown, AppAttestLocals>) => {
    isExactly<AttestedVerdict>()(response.locals.appAttest, true);
    response.json({ ordered: request.body });
  });

  // After route(), the types of Express do not infer the type of `response.locals` from `protect`.
  app.route('/orders/:id').get(protect, (request, response) => {
    isExactly<string>()(request.params.id, true);
    const { appAttest: attested } = response.locals;
    response.json(attested);
  });

  const router = Router({ mergeParams: true });
  router.use(protect);
  router.get('/:id', protect, (request, response) => {
    isExactly<string>()(request.params.id, true);
    isExactly<AttestedVerdict>()(response.locals.appAttest, true);
    response.end();
  });
  return app.use(router);
}

/** A handler that calls `protect` itself, as a guard or a decorator does. */
export function calling({ protect }: ExpressHandlers): RequestHandler {
  return (request: Request, response: Response, next: NextFunction) => {
    protect(request, response, next).catch(next);
  };
}

/**
 * With `mode: 'report'` or a `mode` function, the verdict can be unattested. A handler that requires an attested verdict
 * does not compile.
 */
export function reported(appAttest: AppAttest): express.Express {
  const { protect } = expressHandlers(appAttest, { mode: 'report' });
  const chosen: ExpressHandlers<Verdict> = expressHandlers(appAttest, {
    mode: (request, { keyId }) => (request.get('x-app-build') === '7' && keyId !== undefined ? 'enforce' : 'report'),
    subject: (request) => request.get('x-user'),
    onDecision: ({ request, code }) => [request.ip, code],
  });
  isExactly<ExpressHandlers>()(expressHandlers(appAttest, { mode: 'enforce' }), true);
  // @ts-expect-error onReject is not an option
  expressHandlers(appAttest, { mode: 'report', onReject: () => undefined });
  // @ts-expect-error the mode function must be synchronous
  expressHandlers(appAttest, { mode: async () => 'report' });

  const app = express();
  app.post('/orders/:id', protect, (request, response) => {
    isExactly<string>()(request.params.id, true);
    const { appAttest: verdict } = response.locals;
    isExactly<Verdict>()(verdict, true);
    // @ts-expect-error the verdict can be unattested
    verdict.key;
    response.json(verdict.attested ? verdict.key.keyId : verdict.code);
  });
  app.post('/orders', chosen.protect, (_request, response) => {
    isExactly<Verdict>()(response.locals.appAttest, true);
    response.end();
  });
  app.post('/orders', protect, (_request, response: Response<unknown, AppAttestLocals<Verdict>>) => {
    response.json(response.locals.appAttest.attested);
  });
  // @ts-expect-error the handler requires an attested verdict
  app.post('/orders', protect, (_request, response: Response<unknown, AppAttestLocals>) => {
    response.json(response.locals.appAttest.key);
  });
  return app;
}

/** A handler behind `protectWithSession` never receives signed bytes, and cannot be used behind `protect`. */
export function withSessions(appAttest: AppAttest, sessions: Sessions): express.Express {
  const { session, jwks, protect, protectWithSession }: ExpressHandlers & ExpressSessionHandlers = expressHandlers(
    appAttest,
    { sessions, subject: (request) => request.get('x-user') },
  );
  const reported = expressHandlers(appAttest, { sessions, mode: 'report' });
  // @ts-expect-error without the option sessions, the handler does not exist
  expressHandlers(appAttest, { mode: 'report' }).protectWithSession;

  const app = express();
  app.post('/session', session);
  app.get('/jwks', jwks);
  app.get('/orders/:id', protectWithSession, (request, response) => {
    isExactly<string>()(request.params.id, true);
    isExactly<SessionVerdict>()(response.locals.appAttest, true);
    response.end();
  });
  app.get('/orders', reported.protectWithSession, (_request, response) => {
    isExactly<SessionVerdict | UnattestedVerdict>()(response.locals.appAttest, true);
    response.end();
  });
  const order: RequestHandler<unknown, unknown, Order, unknown, AppAttestLocals> = (_request, response) => {
    response.json(response.locals.appAttest.payload);
  };
  app.post('/orders', protect, order);
  // @ts-expect-error the handler requires a signed request
  app.post('/orders', protectWithSession, order);
  return app;
}
