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

/** What `protect` leaves in `response.locals`. */
export interface AppAttestLocals {
  /** The key that signed the request, and every byte that it signed. */
  appAttest: AuthenticatedRequest;
}

/**
 * A `RequestHandler`, for any parameters, query and body: the types of the handler behind it stay as they are, and
 * `response.locals` there has {@link AppAttestLocals}.
 */
export interface ExpressProtect {
  (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void): Promise<void>;
  // The last signature is the one that a route infers the types of its next handler from.
  (
    request: IncomingMessage,
    response: ServerResponse & { locals: AppAttestLocals },
    next: (error?: unknown) => void,
  ): Promise<void>;
}

/** What {@link expressHandlers} makes. Rejections are JSON `{ "error": code }`; `docs/http.md` has all codes. */
export interface ExpressHandlers {
  /** `POST` with `{ "purpose": "attestation" | "assertion" }`. Answers `{ "challenge", "expiresAt" }`. */
  challenge: RequestHandler;
  /** `POST` with the plugin's registration JSON. Answers 201 and `{ "keyId" }`. */
  registration: RequestHandler;
  /** A protected request that does nothing else. Answers `{ "keyId" }`. */
  assertion: RequestHandler;
  /**
   * Lets only requests through that a registered key signed, each of them once. `request.body` is then what was signed,
   * parsed where it is JSON and a `Buffer` otherwise; `response.locals.appAttest` says by which key. Body parsers behind
   * it have nothing left to do.
   */
  protect: ExpressProtect;
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
  const routes = createRoutes('expressHandlers', appAttest, options);

  const answered = (route: (incoming: IncomingRequest, request: Request) => Promise<Answer>): RequestHandler => {
    return async (request, response) => send(response, await route(fromExpress(request, response), request));
  };

  return {
    challenge: answered(routes.challenge),
    registration: answered(routes.registration),
    assertion: answered(routes.assertion),
    protect: async (request: IncomingMessage, response: ServerResponse, next: () => void) => {
      if (!isRequest(request) || !isResponse(response)) throw new TypeError('protect is a handler for Express');
      const outcome = await routes.protect(fromExpress(request, response), request);
      if ('refused' in outcome) return send(response, outcome.refused);
      response.locals.appAttest = outcome.attested;
      // The parsers of Express 4 would look for the bytes once more.
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
      'register the App Attest handlers before express.json() and other parsers, or keep the bytes with ' +
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
