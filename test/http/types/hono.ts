// Uses the types of app-attest/hono as an application does. This file is only compiled, never run.
import {
  type AttestedVerdict,
  type HonoHandlers,
  honoHandlers,
  type SessionVerdict,
  type UnattestedVerdict,
  type Verdict,
} from 'app-attest/hono';
import type { AppAttest } from 'app-attest/server';
import type { Sessions } from 'app-attest/session';
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
    isExactly<AttestedVerdict>()(c.get('appAttest'), true);
    isExactly<AttestedVerdict>()(c.var.appAttest, true);
    return c.json({ by: c.var.appAttest.key.keyId });
  });

  const own = new Hono<{ Bindings: { SECRET: string }; Variables: { user: string } }>();
  own.post('/orders', protect, (c) => {
    isExactly<string>()(c.env.SECRET, true);
    isExactly<string>()(c.get('user'), true);
    isExactly<AttestedVerdict>()(c.get('appAttest'), true);
    return c.text('coffee');
  });
  own.use(protect);
  return app.route('/', own);
}

/**
 * With `mode: 'report'` or a `mode` function, the verdict can be unattested. A handler that requires an attested verdict
 * does not compile.
 */
export function reported(appAttest: AppAttest) {
  const { protect } = honoHandlers(appAttest, { mode: 'report' });
  const chosen: HonoHandlers<Verdict> = honoHandlers(appAttest, {
    mode: (c, { keyId }) => (c.req.header('x-app-build') === '7' && keyId ? 'enforce' : 'report'),
    onDecision: ({ request, code }) => [request.req.path, code],
  });
  isExactly<HonoHandlers>()(honoHandlers(appAttest, { mode: 'enforce' }), true);

  const app = new Hono();
  app.post('/orders/:id', protect, (c) => {
    const verdict = c.get('appAttest');
    isExactly<Verdict>()(verdict, true);
    // @ts-expect-error the verdict can be unattested
    verdict.key;
    return c.json(verdict.attested ? verdict.key.keyId : verdict.code);
  });
  app.post('/orders', chosen.protect, (c) => c.json(c.var.appAttest.attested));
  // @ts-expect-error the handler requires an attested verdict
  app.post('/other', protect, (c) => c.json(c.var.appAttest.key.keyId));
  return app;
}

export function withSessions(appAttest: AppAttest, sessions: Sessions) {
  const { session, jwks, protectWithSession } = honoHandlers(appAttest, { sessions });
  const reported = honoHandlers(appAttest, { sessions, mode: 'report' });
  // @ts-expect-error without the option sessions, the handler does not exist
  honoHandlers(appAttest).protectWithSession;

  const app = new Hono();
  app.post('/session', session);
  app.get('/jwks', jwks);
  app.get('/orders/:id', protectWithSession, (c) => {
    isExactly<string>()(c.req.param('id'), true);
    isExactly<SessionVerdict>()(c.get('appAttest'), true);
    return c.json({ by: c.var.appAttest.key.subject });
  });
  app.get('/orders', reported.protectWithSession, (c) => {
    isExactly<SessionVerdict | UnattestedVerdict>()(c.get('appAttest'), true);
    return c.text('coffee');
  });
  return app;
}
