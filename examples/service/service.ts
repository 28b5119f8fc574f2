import { expressHandlers, type OnDecision } from 'app-attest/express';
import type { AppAttest } from 'app-attest/server';
import express, { type Express } from 'express';

/** The server of a coffee shop. It accepts orders only from its own app: a registered key must sign each order. */
export function createService(appAttest: AppAttest, onDecision: OnDecision): Express {
  const { challenge, registration, protect } = expressHandlers(appAttest, { onDecision });
  const orders = new Map<string, string[]>(); // key identifier → orders

  const service = express();
  service.post('/app-attest/challenge', challenge);
  service.post('/app-attest/registration', registration);

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

  return service;
}
