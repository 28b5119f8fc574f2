import { expressHandlers, type OnDecision } from 'app-attest/express';
import type { AppAttest } from 'app-attest/server';
import type { Sessions } from 'app-attest/session';
import express, { type Express, type Request, type RequestHandler } from 'express';

/** Options of {@link createService}. */
export interface ServiceOptions {
  sessions: Sessions;
  /** The orders of each key. A real service keeps them in its database. */
  orders: Map<string, string[]>;
  onDecision: OnDecision<Request>;
  /** Middleware that runs before the routes. */
  before: RequestHandler[];
}

/**
 * The server of a coffee shop. It accepts orders only from its own app: a registered key must sign each order. To read the
 * stamps on the loyalty card, a session token is enough.
 */
export function createService(appAttest: AppAttest, { sessions, orders, onDecision, before }: ServiceOptions): Express {
  const handlers = expressHandlers(appAttest, { sessions, onDecision });
  const { challenge, registration, protect, session, jwks, protectWithSession } = handlers;

  const service = express();
  service.disable('x-powered-by');
  service.disable('etag'); // browsers would keep the orders
  service.use(...before);
  service.post('/app-attest/challenge', challenge);
  service.post('/app-attest/registration', registration);
  service.post('/app-attest/session', session);
  service.get('/.well-known/jwks.json', jwks);

  service.post('/orders', protect, (request, response) => {
    const item: unknown = request.body?.item;
    if (typeof item !== 'string') {
      response.status(422).json({ error: 'item must be text' });
      return;
    }
    const { keyId } = response.locals.appAttest.key;
    orders.set(keyId, [...(orders.get(keyId) ?? []), item]);
    response.status(201).json({ ordered: item });
  });

  service.get('/orders', protect, (_request, response) => {
    response.json({ orders: orders.get(response.locals.appAttest.key.keyId) ?? [] });
  });

  service.get('/stamps', protectWithSession, (_request, response) => {
    response.json({ stamps: orders.get(response.locals.appAttest.key.keyId)?.length ?? 0 });
  });

  return service;
}
