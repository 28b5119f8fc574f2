/**
 * Routes for challenges, registrations and protected requests, for Hono 4.
 *
 * @module app-attest/hono
 */

import type { Context, Handler, MiddlewareHandler } from 'hono';
import type { AppAttest } from '../server/create-app-attest.js';
import { toResponse } from './answer.js';
import { FetchBody } from './fetch-body.js';
import type { HttpOptions } from './http-options.js';
import { alreadyRead } from './incoming-body.js';
import { fromRequest, type IncomingRequest } from './incoming-request.js';
import type { Mode } from './mode.js';
import { createRoutes } from './routes.js';
import { withBody, withContent } from './signed-content.js';
import { type AttestedVerdict, type SeenVerdict, seen, type Verdict } from './verdict.js';

export type { Capsule, CapsuleDigest, CapsuleExtensions, CapsuleKey, CapsuleValue } from '../explain/capsule.js';
export type { Decision, OnDecision, Route } from './decision.js';
export { AppAttestHttpError, type HttpErrorCode } from './http-error.js';
export type { HeaderNames, HttpOptions, Signed } from './http-options.js';
export type { ChooseMode, Mode, ModeClaims, ModeOption } from './mode.js';
export type { RejectionCode } from './status.js';
export type { AttestedVerdict, SeenVerdict, UnattestedVerdict, Verdict } from './verdict.js';

/** What `protect` sets in the context: the key that signed the request, and the signed bytes. */
export interface AppAttestVariables<Seen extends Verdict = AttestedVerdict> {
  /** The key, the payload and the extensions of the request. In report mode also why it is not attested. */
  appAttest: Seen;
}

/** Handlers from {@link honoHandlers}. Rejections are JSON `{ "error": code }`; `docs/http.md` lists all codes. */
export interface HonoHandlers<Seen extends Verdict = AttestedVerdict> {
  /** `POST` with `{ "purpose": "attestation" | "assertion" }`. Answers `{ "challenge", "expiresAt" }`. */
  challenge: Handler;
  /** `POST` with the plugin's registration JSON. Answers 201 and `{ "keyId" }`. */
  registration: Handler;
  /** A protected request without a handler of its own. Answers `{ "keyId" }`. */
  assertion: Handler;
  /**
   * Accepts only requests that a registered key signed, each of them once. The body of `c.req` is then the signed
   * content and nothing else. In report mode it accepts all requests, and `c.req` reads what arrived.
   */
  protect: MiddlewareHandler<{
    /** What `c.get` reads. */
    Variables: AppAttestVariables<Seen>;
  }>;
}

/**
 * Handlers for Hono. They read the raw body themselves. Middleware that reads it before them must use
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
export function honoHandlers<Chosen extends Mode = 'enforce'>(
  appAttest: AppAttest,
  options?: HttpOptions<Context, Chosen>,
): HonoHandlers<SeenVerdict<Chosen>> {
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
        c.set('appAttest', seen<Chosen>(outcome.reported));
        c.req.raw = withBody(c.req.raw, body.arrived());
        return next();
      }
      c.set('appAttest', outcome.attested);
      c.req.raw = withContent(c.req.raw, outcome.content);
      c.req.bodyCache = {};
      return next();
    },
  };
}

/** Hono caches a body in several forms. Only `arrayBuffer` holds the bytes that were sent. */
function fromHono({ req }: Context, body = new FetchBody(req.raw)): IncomingRequest {
  return {
    ...fromRequest(req.raw, body),
    body: async () => {
      const kept = await req.bodyCache.arrayBuffer;
      if (kept) return new Uint8Array(kept);
      if (!req.raw.bodyUsed) return body.open();
      throw alreadyRead('run the App Attest handlers first, or read the body with c.req.arrayBuffer()');
    },
  };
}
