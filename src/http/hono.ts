/**
 * Handlers for challenges, registrations and protected requests in Hono 4.
 *
 * @module app-attest/hono
 */

import type { Context, Handler, MiddlewareHandler } from 'hono';
import type { AppAttest } from '../server/app-attest.js';
import type { AcceptedEvidence } from '../server/formats.js';
import { toResponse } from './answer.js';
import { FetchBody } from './fetch-body.js';
import type { HttpOptions, WithSessions } from './http-options.js';
import { alreadyRead } from './incoming-body.js';
import { fromRequest, type IncomingRequest } from './incoming-request.js';
import type { Mode } from './mode.js';
import { createRoutes } from './routes.js';
import type { SessionRoutes } from './session-routes.js';
import { type SeenSession, type SessionVerdict, seenSession } from './session-verdict.js';
import { withBody, withContent } from './signed-content.js';
import { type AttestedVerdict, type SeenVerdict, seen, type Verdict } from './verdict.js';

export * from './entry-exports.js';

/** The variables that `protect` and `protectWithSession` set in the context. */
export interface AppAttestVariables<Seen extends Verdict<object> = AttestedVerdict> {
  /**
   * After `protect`: the key that signed the request, the signed bytes, and the signed extensions. After `protectWithSession`: the
   * session. If report mode let through a request that is not attested: only `attested: false` and the code.
   */
  appAttest: Seen;
}

/**
 * Handlers from {@link honoHandlers}. The response to a rejected request is JSON `{ "error": code }`. `docs/http.md`
 * lists all codes.
 */
export interface HonoHandlers<Seen extends Verdict<object> = AttestedVerdict> {
  /** `POST` with `{ "purpose": "attestation" | "assertion" }`. The response is `{ "challenge", "expiresAt" }`. */
  challenge: Handler;
  /** `POST` with the registration JSON of `@capgo/capacitor-app-attest`. The response is `{ "keyId" }` with status 201. */
  registration: Handler;
  /** Verifies a signed request and sends the response `{ "keyId" }`. You need no handler of your own. */
  assertion: Handler;
  /**
   * Accepts a request only if a registered key signed it, and accepts each request once. The body of `c.req` is then the signed
   * content. In report mode, `protect` lets all requests through, and the body of `c.req` is the body that the client sent.
   */
  protect: MiddlewareHandler<{
    /** The variables that `c.get` returns. */
    Variables: AppAttestVariables<Seen>;
  }>;
}

/** The handlers from {@link honoHandlers} that exist only with the option `sessions`. */
export interface HonoSessionHandlers<Seen extends Verdict<object> = SessionVerdict> {
  /** Exchanges a signed request for a session token. The response is `{ "token", "expiresAt" }`. */
  session: Handler;
  /** `GET`. The response is the public keys as a JSON Web Key Set, which clients may cache for five minutes. */
  jwks: Handler;
  /**
   * Accepts a request only if it has a valid session token in the header `Authorization`. Asks no store. The request itself is not
   * signed, and its body is the body that the client sent.
   */
  protectWithSession: MiddlewareHandler<{
    /** The variables that `c.get` returns. */
    Variables: AppAttestVariables<Seen>;
  }>;
}

/**
 * Creates handlers for Hono. The handlers read the raw body. Middleware that reads the body earlier must use
 * `c.req.arrayBuffer()`.
 *
 * @throws AppAttestError `invalid_argument`: an option is unknown or invalid
 *
 * @example
 * ```ts
 * const { challenge, registration, protect } = honoHandlers(appAttest);
 *
 * app.post('/app-attest/challenge', challenge);
 * app.post('/app-attest/registration', registration);
 * app.post('/orders', protect, async (c) => {
 *   const order = await c.req.json();
 *   return c.json({ ordered: order.item, by: c.get('appAttest').key.subject });
 * });
 * ```
 */
export function honoHandlers<Chosen extends Mode = 'enforce', Result extends AcceptedEvidence = never>(
  appAttest: AppAttest<Result>,
  options: HttpOptions<Context, Chosen> & WithSessions,
): HonoHandlers<SeenVerdict<Chosen, Result>> & HonoSessionHandlers<SeenSession<Chosen>>;
/**
 * Creates handlers without sessions.
 *
 * @throws AppAttestError `invalid_argument`: an option is unknown or invalid
 */
export function honoHandlers<Chosen extends Mode = 'enforce', Result extends AcceptedEvidence = never>(
  appAttest: AppAttest<Result>,
  options?: HttpOptions<Context, Chosen>,
): HonoHandlers<SeenVerdict<Chosen, Result>>;
export function honoHandlers<Chosen extends Mode = 'enforce', Result extends AcceptedEvidence = never>(
  appAttest: AppAttest<Result>,
  options?: HttpOptions<Context, Chosen>,
): HonoHandlers<SeenVerdict<Chosen, Result>> & Partial<HonoSessionHandlers<SeenSession<Chosen>>> {
  const routes = createRoutes('honoHandlers', appAttest, options);
  return {
    challenge: async (c) => toResponse(await routes.challenge(fromHono(c), c)),
    registration: async (c) => toResponse(await routes.registration(fromHono(c), c)),
    assertion: async (c) => toResponse(await routes.assertion(fromHono(c), c)),
    protect: async (c, next) => {
      const body = new FetchBody(c.req.raw);
      const outcome = await routes.protect(fromHono(c, body), c);
      if ('refused' in outcome) return toResponse(outcome.refused);
      if ('reported' in outcome) {
        c.set('appAttest', seen<Chosen, Result>(outcome.reported));
        c.req.raw = withBody(c.req.raw, body.arrived());
        return next();
      }
      c.set('appAttest', outcome.attested);
      c.req.raw = withContent(c.req.raw, outcome.content);
      c.req.bodyCache = {};
      return next();
    },
    ...(routes.sessions && sessionHandlers<Chosen>(routes.sessions)),
  };
}

function sessionHandlers<Chosen extends Mode>(
  routes: SessionRoutes<Context>,
): HonoSessionHandlers<SeenSession<Chosen>> {
  return {
    session: async (c) => toResponse(await routes.session(fromHono(c), c)),
    jwks: async (c) => toResponse(await routes.jwks(fromHono(c))),
    protectWithSession: async (c, next) => {
      const outcome = await routes.protectWithSession(fromHono(c), c);
      if ('refused' in outcome) return toResponse(outcome.refused);
      c.set('appAttest', seenSession<Chosen>(outcome.verdict));
      return next();
    },
  };
}

/** Hono caches a body in several forms. Only the form `arrayBuffer` has the bytes as they were sent. */
function fromHono(c: Context, body = new FetchBody(c.req.raw)): IncomingRequest {
  const { req } = c;
  return {
    ...fromRequest(req.raw, body),
    waitUntil: (work) => executionContextOf(c)?.waitUntil(work),
    body: async () => {
      const kept = await req.bodyCache.arrayBuffer;
      if (kept) return new Uint8Array(kept);
      if (!req.raw.bodyUsed) return body.open();
      throw alreadyRead('run the App Attest handlers first, or read the body with c.req.arrayBuffer()');
    },
  };
}

/** Hono throws an error if the runtime has no execution context. Only Workers have one. */
function executionContextOf(c: Context): Context['executionCtx'] | undefined {
  try {
    return c.executionCtx;
  } catch {
    return undefined;
  }
}
