// Uses the types of app-attest/express as users do. Compiled with the types of Express 4 and 5, and never run.
import { type AppAttestLocals, type ExpressHandlers, expressHandlers } from 'app-attest/express';
import type { AppAttest, AuthenticatedRequest } from 'app-attest/server';
import express, { type NextFunction, type Request, type RequestHandler, type Response, Router } from 'express';
import { isExactly } from './same.js';

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

  app.post('/orders/:id', protect, (request, response) => {
    isExactly<string>()(request.params.id, true);
    // @ts-expect-error there is no such parameter
    request.params.other;
    isExactly<express.Request['query']>()(request.query, true);
    isExactly<AuthenticatedRequest>()(response.locals.appAttest, true);
    // @ts-expect-error there is no such property
    response.locals.appAttest.none;
    response.json({ id: request.params.id });
  });

  app.post('/orders/:id', protect, (request: Request<{ id: string }, unknown, Order, { gift: string }>, response) => {
    response.json({ id: request.params.id, item: request.body.item, gift: request.query.gift });
  });

  app.post('/orders', protect, async (request: Request, response: Response<unknown, AppAttestLocals>) => {
    isExactly<AuthenticatedRequest>()(response.locals.appAttest, true);
    response.json({ ordered: request.body });
  });

  // Express does not know the types of locals here.
  app.route('/orders/:id').get(protect, (request, response) => {
    isExactly<string>()(request.params.id, true);
    const { appAttest: attested } = response.locals;
    response.json(attested);
  });

  const router = Router({ mergeParams: true });
  router.use(protect);
  router.get('/:id', protect, (request, response) => {
    isExactly<string>()(request.params.id, true);
    isExactly<AuthenticatedRequest>()(response.locals.appAttest, true);
    response.end();
  });
  return app.use(router);
}

/** A handler that calls the middleware, as in a guard or a decorator. */
export function calling({ protect }: ExpressHandlers): RequestHandler {
  return (request: Request, response: Response, next: NextFunction) => {
    protect(request, response, next).catch(next);
  };
}
