/**
 * Routes for challenges, registrations and protected requests, for Express 4 and 5.
 *
 * @module app-attest/express
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Request, RequestHandler, Response } from 'express';
import { isBytes } from '../encoding/bytes.js';
import type { AuthenticatedRequest } from '../server/authenticate.js';
import type { AppAttest } from '../server/create-app-attest.js';
import type { Answer } from './answer.js';
import type { HttpOptions } from './http-options.js';
import type { IncomingRequest } from './incoming-request.js';
import { fromNode } from './node-request.js';
import { createRoutes } from './routes.js';
import { parseContent } from './signed-content.js';

export { AppAttestHttpError, type HttpErrorCode } from './http-error.js';
export type { HeaderNames, HttpOptions, Signed } from './http-options.js';
export type { OnReject, Rejection, Route } from './rejection.js';
export type { RejectionCode } from './status.js';

/** What `protect` stores in `response.locals`. */
export interface AppAttestLocals {
  /** The key that signed the request, and the signed bytes. */
  appAttest: AuthenticatedRequest;
}

/**
 * A `RequestHandler` for any parameters, query and body. The next handler keeps its own types, and its
 * `response.locals` has {@link AppAttestLocals}.
 */
export interface ExpressProtect {
  (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void): Promise<void>;
  // TypeScript infers the types of the next handler from the last signature.
  (
    request: IncomingMessage,
    response: ServerResponse & { locals: AppAttestLocals },
    next: (error?: unknown) => void,
  ): Promise<void>;
}

/** Handlers from {@link expressHandlers}. Rejections are JSON `{ "error": code }`; `docs/http.md` lists all codes. */
export interface ExpressHandlers {
  /** `POST` with `{ "purpose": "attestation" | "assertion" }`. Answers `{ "challenge", "expiresAt" }`. */
  challenge: RequestHandler;
  /** `POST` with the plugin's registration JSON. Answers 201 and `{ "keyId" }`. */
  registration: RequestHandler;
  /** A protected request without a handler of its own. Answers `{ "keyId" }`. */
  assertion: RequestHandler;
  /**
   * Accepts only requests that a registered key signed, each of them once. `request.body` is then the signed content:
   * parsed if it is JSON, a `Buffer` otherwise. `response.locals.appAttest` holds the key. Body parsers that run after
   * `protect` do nothing.
   */
  protect: ExpressProtect;
}

/**
 * Handlers for Express. They read the raw body themselves. A body parser that runs before them must keep the bytes, as
 * `request.rawBody` or as a `Buffer` in `request.body`.
 *
 * @throws AppAttestError `invalid_argument`: an option is unknown or invalid
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
  const routes = createRoutes('expressHandlers', appAttest, options);

  const answered = (route: (incoming: IncomingRequest, request: Request) => Promise<Answer>): RequestHandler => {
    return async (request, response) => send(response, await route(fromExpress(request, response), request));
  };

  return {
    challenge: answered(routes.challenge),
    registration: answered(routes.registration),
    assertion: answered(routes.assertion),
    protect: async (request: IncomingMessage, response: ServerResponse, next: () => void) => {
      if (!isRequest(request) || !isResponse(response)) throw new TypeError('protect must be called by Express');
      const outcome = await routes.protect(fromExpress(request, response), request);
      if ('refused' in outcome) return send(response, outcome.refused);
      response.locals.appAttest = outcome.attested;
      // Without _body, the parsers of Express 4 would try to read the body again.
      Object.assign(request, { body: parseContent(outcome.content), _body: true });
      next();
    },
  };
}

function isRequest(request: IncomingMessage): request is Request {
  return 'originalUrl' in request;
}

function isResponse(response: ServerResponse): response is Response<unknown, AppAttestLocals> {
  return 'locals' in response;
}

function fromExpress(request: Request, response: ServerResponse): IncomingRequest {
  return fromNode({
    method: request.method,
    target: request.originalUrl,
    headers: request.headers,
    stream: request,
    rawBody: keptBody(request),
    response,
    advice:
      'register the App Attest handlers before express.json() and other parsers, or keep the raw bytes with ' +
      'express.json({ verify: (request, _response, bytes) => { request.rawBody = bytes; } })',
  });
}

function keptBody(request: Request & { rawBody?: unknown }): Uint8Array | undefined {
  return [request.rawBody, request.body].find(isBytes);
}

function send(response: Response, { status, headers, body }: Answer): void {
  if (response.headersSent) return;
  response.status(status).set(headers).json(body);
}
