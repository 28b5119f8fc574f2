/**
 * Handlers for challenges, registrations and protected requests in Express 4 and 5.
 *
 * @module app-attest/express
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Request, RequestHandler, Response } from 'express';
import { isBytes } from '../encoding/bytes.js';
import type { AppAttest } from '../server/app-attest.js';
import type { AcceptedEvidence } from '../server/formats.js';
import type { Answer } from './answer.js';
import type { HttpOptions, WithSessions } from './http-options.js';
import type { IncomingRequest } from './incoming-request.js';
import type { Mode } from './mode.js';
import { NodeBody } from './node-body.js';
import { announcedBy, fromNode } from './node-request.js';
import { createRoutes } from './routes.js';
import type { SeenSession, SessionVerdict } from './session-verdict.js';
import { parseContent } from './signed-content.js';
import type { AttestedVerdict, SeenBy, SeenVerdict, Verdict } from './verdict.js';

export * from './entry-exports.js';
export type { SeenBy } from './verdict.js';

/** The values that `protect` and `protectWithSession` set in `response.locals`. */
export interface AppAttestLocals<Seen extends Verdict<object> = AttestedVerdict> extends SeenBy<Seen> {
  /**
   * After `protect`: the key that signed the request, the signed bytes, and the signed extensions. After `protectWithSession`: the
   * session. If report mode let through a request that is not attested: only `attested: false` and the code.
   */
  appAttest: Seen;
}

/**
 * The type of `protect`. It fits routes with any types of parameters, query and body. In the handler after `protect`,
 * `response.locals` has the properties of {@link AppAttestLocals}.
 */
export interface ExpressProtect<Seen extends Verdict<object> = AttestedVerdict> {
  (
    request: IncomingMessage,
    // Without the index signature, TypeScript would reject `locals` with properties that the server declares in Express.Locals.
    response: ServerResponse & { locals?: SeenBy<Seen> & Record<string, unknown> },
    next: (error?: unknown) => void,
  ): Promise<void>;
  // TypeScript infers the types of the next handler from the last overload.
  (
    request: IncomingMessage,
    response: ServerResponse & { locals: AppAttestLocals<Seen> },
    next: (error?: unknown) => void,
  ): Promise<void>;
}

/**
 * Handlers from {@link expressHandlers}. The response to a rejected request is JSON `{ "error": code }`. `docs/http.md`
 * lists all codes.
 */
export interface ExpressHandlers<Seen extends Verdict<object> = AttestedVerdict> {
  /** `POST` with `{ "purpose": "attestation" | "assertion" }`. The response is `{ "challenge", "expiresAt" }`. */
  challenge: RequestHandler;
  /** `POST` with the registration JSON of `@capgo/capacitor-app-attest`. The response is `{ "keyId" }` with status 201. */
  registration: RequestHandler;
  /** Verifies a signed request and sends the response `{ "keyId" }`. You need no handler of your own. */
  assertion: RequestHandler;
  /**
   * Accepts a request only if a registered key signed it, and accepts each request once. `protect` sets `request.body`
   * to the signed content: the parsed value if the content is JSON, `undefined` if it is empty, and otherwise a
   * `Buffer`. It sets `response.locals.appAttest` to the key and the signed bytes. Body parsers after `protect` do
   * nothing, with one exception: if the assertion is in the headers, a parser such as multer can read signed
   * `multipart/form-data`.
   *
   * In report mode, `protect` lets all requests through and does not change the body. Body parsers after `protect` then read
   * the body.
   */
  protect: ExpressProtect<Seen>;
}

/** The handlers from {@link expressHandlers} that exist only with the option `sessions`. */
export interface ExpressSessionHandlers<Seen extends Verdict<object> = SessionVerdict> {
  /** Exchanges a signed request for a session token. The response is `{ "token", "expiresAt" }`. */
  session: RequestHandler;
  /** `GET`. The response is the public keys as a JSON Web Key Set, which clients may cache for five minutes. */
  jwks: RequestHandler;
  /**
   * Accepts a request only if it has a valid session token in the header `Authorization`. Asks no store, and sets
   * `response.locals.appAttest`. The request itself is not signed. Body parsers work as on any other route.
   */
  protectWithSession: ExpressProtect<Seen>;
}

/**
 * Creates handlers for Express. The handlers read the raw body. A body parser that runs earlier must keep the raw bytes as
 * `request.rawBody`, or as a `Buffer` in `request.body`.
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
export function expressHandlers<Chosen extends Mode = 'enforce', Result extends AcceptedEvidence = never>(
  appAttest: AppAttest<Result>,
  options: HttpOptions<Request, Chosen> & WithSessions,
): ExpressHandlers<SeenVerdict<Chosen, Result>> & ExpressSessionHandlers<SeenSession<Chosen>>;
/**
 * Creates handlers without sessions.
 *
 * @throws AppAttestError `invalid_argument`: an option is unknown or invalid
 */
export function expressHandlers<Chosen extends Mode = 'enforce', Result extends AcceptedEvidence = never>(
  appAttest: AppAttest<Result>,
  options?: HttpOptions<Request, Chosen>,
): ExpressHandlers<SeenVerdict<Chosen, Result>>;
export function expressHandlers<Chosen extends Mode = 'enforce', Result extends AcceptedEvidence = never>(
  appAttest: AppAttest<Result>,
  options?: HttpOptions<Request, Chosen>,
): ExpressHandlers<SeenVerdict<Chosen, Result>> & Partial<ExpressSessionHandlers<SeenSession<Chosen>>> {
  const routes = createRoutes('expressHandlers', appAttest, options);
  const { sessions } = routes;

  const answered = (route: (incoming: IncomingRequest, request: Request) => Promise<Answer>): RequestHandler => {
    return async (request, response) => send(response, await route(fromExpress(request, response), request));
  };

  return {
    challenge: answered(routes.challenge),
    registration: answered(routes.registration),
    assertion: answered(routes.assertion),
    protect: async (request: IncomingMessage, response: ServerResponse, next: () => void) => {
      if (!isRequest(request) || !isResponse(response)) throw calledWrongly('protect');
      const outcome = await routes.protect(fromExpress(request, response), request);
      if ('refused' in outcome) return send(response, outcome.refused);
      response.locals.appAttest = 'reported' in outcome ? outcome.reported : outcome.attested;
      if ('reported' in outcome) return next();
      // The property _body tells the parsers of Express 4 that the body was already read.
      Object.assign(request, { body: parseContent(outcome.content), _body: true });
      next();
    },
    ...(sessions && {
      session: answered(sessions.session),
      jwks: answered(sessions.jwks),
      protectWithSession: async (request: IncomingMessage, response: ServerResponse, next: () => void) => {
        if (!isRequest(request) || !isResponse(response)) throw calledWrongly('protectWithSession');
        const outcome = await sessions.protectWithSession(fromExpress(request, response), request);
        if ('refused' in outcome) return send(response, outcome.refused);
        response.locals.appAttest = outcome.verdict;
        next();
      },
    }),
  };
}

function calledWrongly(handler: string): TypeError {
  return new TypeError(`${handler} must be called by Express`);
}

function isRequest(request: IncomingMessage): request is Request {
  return 'originalUrl' in request;
}

function isResponse(response: ServerResponse): response is Response<unknown, AppAttestLocals<Verdict<object>>> {
  return 'locals' in response;
}

function fromExpress(request: Request, response: ServerResponse): IncomingRequest {
  return fromNode({
    method: request.method,
    target: request.originalUrl,
    headers: request.headers,
    body: new NodeBody({
      stream: request,
      rawBody: keptBody(request),
      length: announcedBy(request.headers),
      advice:
        'register the App Attest handlers before express.json() and other parsers, or keep the raw bytes with ' +
        'express.json({ verify: (request, _response, bytes) => { Object.assign(request, { rawBody: bytes }); } }). ' +
        'With NestJS, call NestFactory.create(AppModule, { rawBody: true }), or createNestApplication({ rawBody: true }) in tests',
    }),
    response,
    replaysForms: true,
  });
}

function keptBody(request: Request & { rawBody?: unknown }): Uint8Array | undefined {
  return [request.rawBody, request.body].find(isBytes);
}

function send(response: Response, { status, headers, body }: Answer): void {
  if (response.headersSent) return;
  response.status(status).set(headers).json(body);
}
