// Uses the types of app-attest/hono as users do. Never run.
import { type HonoHandlers, honoHandlers } from 'app-attest/hono';
import type { AppAttest, AuthenticatedRequest } from 'app-attest/server';
import { Hono, type MiddlewareHandler } from 'hono';
import { isExactly } from './same.js';

export function routes(appAttest: AppAttest) {
  const { challenge, registration, assertion, protect }: HonoHandlers = honoHandlers(appAttest, {
    subject: (c) => c.req.header('x-user'),
  });
  const middleware: MiddlewareHandler = protect;

  const app = new Hono();
  app.use('/all/*', middleware);
  app.post('/challenge', challenge);
  app.post('/registration', registration);
  app.post('/assertion', assertion);
  app.post('/orders/:id', protect, (c) => {
    isExactly<string>()(c.req.param('id'), true);
    isExactly<AuthenticatedRequest>()(c.get('appAttest'), true);
    isExactly<AuthenticatedRequest>()(c.var.appAttest, true);
    return c.json({ by: c.var.appAttest.key.keyId });
  });

  const own = new Hono<{ Bindings: { SECRET: string }; Variables: { user: string } }>();
  own.post('/orders', protect, (c) => {
    isExactly<string>()(c.env.SECRET, true);
    isExactly<string>()(c.get('user'), true);
    isExactly<AuthenticatedRequest>()(c.get('appAttest'), true);
    return c.text('coffee');
  });
  own.use(protect);
  return app.route('/', own);
}
