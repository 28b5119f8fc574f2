/**
 * Handlers for challenges, registrations and protected requests in Hono 4.
 *
 * @module app-attest/hono
 */

import type { Context, Handler, MiddlewareHandler } from 'hono';
import type { AuthenticatedRequest } from '../server/authenticate.js';
import type { AppAttest } from '../server/create-app-attest.js';
import type { AcceptedEvidence } from '../server/formats.js';
import { toResponse } from './answer.js';
import type { HttpOptions } from './http-options.js';
import { alreadyRead, fromRequest, type IncomingRequest } from './incoming-request.js';
import { createRoutes } from './routes.js';
import { withContent } from './signed-content.js';

export { AppAttestHttpError, type HttpErrorCode } from './http-error.js';
export type { HeaderNames, HttpOptions, Signed } from './http-options.js';
export type { OnReject, Rejection, Route } from './rejection.js';
export type { RejectionCode } from './status.js';

/** The variables that `protect` sets in the Hono context. */
export interface AppAttestVariables<Result extends object = never> {
  /**
   * The key that signed the request, the signed bytes, and the signed extensions. For another format, the result of the
   * function in `formats`.
   */
  appAttest: AuthenticatedRequest | Result;
}

/**
 * Handlers from {@link honoHandlers}. The response to a rejected request is JSON `{ "error": code }`. `docs/http.md`
 * lists all codes.
 */
export interface HonoHandlers<Result extends object = never> {
  /** `POST` with `{ "purpose": "attestation" | "assertion" }`. The response is `{ "challenge", "expiresAt" }`. */
  challenge: Handler;
  /** `POST` with the registration JSON of the Capacitor plugin. The response is `{ "keyId" }` with status 201. */
  registration: Handler;
  /** Verifies a signed request, without a handler of yours. The response is `{ "keyId" }`. */
  assertion: Handler;
  /**
   * Accepts a request only if a registered key signed it, and accepts each request once. The body of `c.req` is then the
   * signed content.
   */
  protect: MiddlewareHandler<{
    /** The variables that `c.get` returns. */
    Variables: AppAttestVariables<Result>;
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
export function honoHandlers<Result extends AcceptedEvidence = never>(
  appAttest: AppAttest<Result>,
  options?: HttpOptions<Context>,
): HonoHandlers<Result> {
  const routes = createRoutes('honoHandlers', appAttest, options);
  return {
    challenge: async (c) => toResponse(await routes.challenge(fromHono(c), c)),
    registration: async (c) => toResponse(await routes.registration(fromHono(c), c)),
    assertion: async (c) => toResponse(await routes.assertion(fromHono(c), c)),
    protect: async (c, next) => {
      const outcome = await routes.protect(fromHono(c), c);
      if ('refused' in outcome) return toResponse(outcome.refused);
      c.set('appAttest', outcome.attested);
      c.req.raw = withContent(c.req.raw, outcome.content);
      c.req.bodyCache = {};
      return next();
    },
  };
}

/** Hono caches a body in several forms. Only the form `arrayBuffer` has the bytes as they were sent. */
function fromHono({ req }: Context): IncomingRequest {
  return {
    ...fromRequest(req.raw),
    body: async () => {
      const kept = await req.bodyCache.arrayBuffer;
      if (kept) return new Uint8Array(kept);
      if (!req.raw.bodyUsed) return fromRequest(req.raw).body();
      throw alreadyRead('run the App Attest handlers first, or read the body with c.req.arrayBuffer()');
    },
  };
}
