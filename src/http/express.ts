/**
 * Routes for challenges, registrations and protected requests, for Express 5.
 *
 * @packageDocumentation
 */

import type { Request, RequestHandler, Response } from 'express';
import { isBytes } from '../bytes.js';
import type { AuthenticatedRequest } from '../server/authenticate.js';
import type { AppAttest } from '../server/create-app-attest.js';
import type { Answer } from './answer.js';
import type { IncomingRequest } from './incoming-request.js';
import { fromNode } from './node-request.js';
import type { HttpOptions } from './options.js';
import { createRoutes } from './routes.js';
import { parseContent } from './signed-content.js';

export { AppAttestHttpError, type HttpErrorCode } from './http-error.js';
export type { HeaderNames, HttpOptions, Signed } from './options.js';
export type { OnReject, Rejection, Route } from './rejection.js';
export type { RejectionCode } from './status.js';

/** What `protect` leaves in `response.locals`. */
export interface AppAttestLocals {
  /** The key that signed the request, and every byte that it signed. */
  appAttest: AuthenticatedRequest;
}

/** What {@link expressHandlers} makes. Refusals are JSON `{ "error": code }`; `docs/http.md` has all codes. */
export interface ExpressHandlers {
  /** `POST` with `{ "purpose": "attestation" | "assertion" }`. Answers `{ "challenge", "expiresAt" }`. */
  challenge: RequestHandler;
  /** `POST` with the plugin's registration JSON. Answers 201 and `{ "keyId" }`. */
  registration: RequestHandler;
  /** A protected request that does nothing else. Answers `{ "keyId" }`. */
  assertion: RequestHandler;
  /**
   * Lets only requests through that a registered key signed, each of them once. `request.body` is then what was signed,
   * parsed where it is JSON and a `Buffer` otherwise; `response.locals.appAttest` says by which key.
   */
  // biome-ignore lint/suspicious/noExplicitAny: what Express itself says of bodies that nobody described
  protect: RequestHandler<any, any, any, any, AppAttestLocals>;
}

/**
 * Handlers for Express. They read the raw body themselves: a body parser that comes before them must keep it, as
 * `request.rawBody` or by leaving `request.body` a `Buffer`.
 *
 * @throws AppAttestError `invalid_argument`: an option is unknown or of the wrong form
 *
 * @example
 * ```ts
 * const { challenge, registration, protect } = expressHandlers(appAttest);
 *
 * app.post('/app-attest/challenge', challenge);
 * app.post('/app-attest/registration', registration);
 * app.post('/orders', protect, (request, response) => {
 *   response.json({ ordered: request.body.item, by: response.locals.appAttest.key.subject });
 * });
 * ```
 */
export function expressHandlers(appAttest: AppAttest, options?: HttpOptions<Request>): ExpressHandlers {
  const routes = createRoutes(appAttest, options);
  return {
    challenge: async (request, response) => send(response, await routes.challenge(fromExpress(request), request)),
    registration: async (request, response) => send(response, await routes.registration(fromExpress(request), request)),
    assertion: async (request, response) => send(response, await routes.assertion(fromExpress(request), request)),
    protect: async (request, response, next) => {
      const outcome = await routes.protect(fromExpress(request), request);
      if ('refused' in outcome) return send(response, outcome.refused);
      response.locals.appAttest = outcome.attested;
      request.body = parseContent(outcome.content);
      next();
    },
  };
}

function fromExpress(request: Request): IncomingRequest {
  return fromNode({
    method: request.method,
    target: request.originalUrl,
    headers: request.headers,
    stream: request,
    rawBody: keptBody(request),
    advice:
      'register the App Attest handlers before express.json() and other parsers, or keep the bytes with ' +
      'express.json({ verify: (request, _response, bytes) => { request.rawBody = bytes; } })',
  });
}

function keptBody(request: Request & { rawBody?: unknown }): Uint8Array | undefined {
  return [request.rawBody, request.body].find(isBytes);
}

function send(response: Response, { status, headers, body }: Answer): void {
  response.status(status).set(headers).json(body);
}
