/**
 * Routes for challenges, registrations and protected requests, for Hono 4.
 *
 * @module app-attest/hono
 */

import type { Context, Handler, MiddlewareHandler } from 'hono';
import type { AuthenticatedRequest } from '../server/authenticate.js';
import type { AppAttest } from '../server/create-app-attest.js';
import { toResponse } from './answer.js';
import type { HttpOptions } from './http-options.js';
import { alreadyRead, fromRequest, type IncomingRequest } from './incoming-request.js';
import { createRoutes } from './routes.js';
import { withContent } from './signed-content.js';

export { AppAttestHttpError, type HttpErrorCode } from './http-error.js';
export type { HeaderNames, HttpOptions, Signed } from './http-options.js';
export type { OnReject, Rejection, Route } from './rejection.js';
export type { RejectionCode } from './status.js';

/** What `protect` sets in the context: the key that signed the request, and every byte that it signed. */
export interface AppAttestVariables {
  /** The key, the payload and the extensions of the request. */
  appAttest: AuthenticatedRequest;
}

/** What {@link honoHandlers} makes. Refusals are JSON `{ "error": code }`; `docs/http.md` has all codes. */
export interface HonoHandlers {
  /** `POST` with `{ "purpose": "attestation" | "assertion" }`. Answers `{ "challenge", "expiresAt" }`. */
  challenge: Handler;
  /** `POST` with the plugin's registration JSON. Answers 201 and `{ "keyId" }`. */
  registration: Handler;
  /** A protected request that does nothing else. Answers `{ "keyId" }`. */
  assertion: Handler;
  /**
   * Lets only requests through that a registered key signed, each of them once. The body that `c.req` then has is what
   * was signed, and nothing else.
   */
  protect: MiddlewareHandler<{
    /** What `c.get` reads. */
    Variables: AppAttestVariables;
  }>;
}

/**
 * Handlers for Hono. They read the raw body themselves: what reads it before them must do so with
 * `c.req.arrayBuffer()`.
 *
 * @throws AppAttestError `invalid_argument`: an option is unknown or of the wrong form
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
export function honoHandlers(appAttest: AppAttest, options?: HttpOptions<Context>): HonoHandlers {
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

/** Of what Hono keeps of a body, only the bytes are what was sent: it writes JSON and text anew. */
function fromHono({ req }: Context): IncomingRequest {
  return {
    ...fromRequest(req.raw),
    body: async () => {
      const kept = await req.bodyCache.arrayBuffer;
      if (kept) return new Uint8Array(kept);
      if (!req.raw.bodyUsed) return fromRequest(req.raw).body();
      throw alreadyRead('use the App Attest handlers before what reads it, or read it there with c.req.arrayBuffer()');
    },
  };
}
