/**
 * Routes for challenges, registrations and protected requests, for Fastify 5.
 *
 * @packageDocumentation
 */

import { Readable } from 'node:stream';
import type {
  FastifyReply,
  FastifyRequest,
  preParsingAsyncHookHandler,
  RequestPayload,
  RouteGenericInterface,
} from 'fastify';
import type { AuthenticatedRequest } from '../server/authenticate.js';
import type { AppAttest } from '../server/create-app-attest.js';
import type { Answer } from './answer.js';
import type { IncomingRequest } from './incoming-request.js';
import { fromNode } from './node-request.js';
import type { HttpOptions } from './options.js';
import { createRoutes } from './routes.js';

export { AppAttestHttpError, type HttpErrorCode } from './http-error.js';
export type { HeaderNames, HttpOptions, Signed } from './options.js';
export type { OnReject, Rejection, Route } from './rejection.js';
export type { RejectionCode } from './status.js';

/** A request that a registered key signed. Its body was parsed from what was signed, and nothing else. */
export type AttestedFastifyRequest<Generic extends RouteGenericInterface = RouteGenericInterface> =
  FastifyRequest<Generic> & {
    /** The key that signed the request, and every byte that it signed. */
    appAttest: AuthenticatedRequest;
  };

/** Options of a route with its handler: `app.post(path, route)`, or `{ schema, ...route }` with options of one's own. */
export interface FastifyRoute<Generic extends RouteGenericInterface = RouteGenericInterface> {
  preParsing: preParsingAsyncHookHandler;
  handler: (request: FastifyRequest<Generic>, reply: FastifyReply) => unknown;
}

/** What {@link fastifyHandlers} makes. Refusals are JSON `{ "error": code }`; `docs/http.md` has all codes. */
export interface FastifyHandlers {
  /** `POST` with `{ "purpose": "attestation" | "assertion" }`. Answers `{ "challenge", "expiresAt" }`. */
  challenge: FastifyRoute;
  /** `POST` with the plugin's registration JSON. Answers 201 and `{ "keyId" }`. */
  registration: FastifyRoute;
  /** A protected request that does nothing else. Answers `{ "keyId" }`. */
  assertion: FastifyRoute;
  /** Lets only requests through that a registered key signed, each of them once. */
  protect<Generic extends RouteGenericInterface = RouteGenericInterface>(
    handler: (request: AttestedFastifyRequest<Generic>, reply: FastifyReply) => unknown,
  ): FastifyRoute<Generic>;
}

/**
 * Handlers for Fastify. They work before any content type parser, which then parses what was signed.
 *
 * @throws AppAttestError `invalid_argument`: an option is unknown or of the wrong form
 *
 * @example
 * ```ts
 * const { challenge, registration, protect } = fastifyHandlers(appAttest);
 *
 * app.post('/app-attest/challenge', challenge);
 * app.post('/app-attest/registration', registration);
 * app.post('/orders', protect<{ Body: { item: string } }>(async ({ body, appAttest: { key } }) => {
 *   return { ordered: body.item, by: key.subject };
 * }));
 * ```
 */
export function fastifyHandlers(appAttest: AppAttest, options?: HttpOptions<FastifyRequest>): FastifyHandlers {
  const routes = createRoutes(appAttest, options);
  const attestedRequests = new WeakMap<object, AuthenticatedRequest>();

  const answered = (route: (incoming: IncomingRequest, request: FastifyRequest) => Promise<Answer>): FastifyRoute => ({
    preParsing: async (request, reply, payload) => {
      return send(reply, await route(fromFastify(request, payload), request));
    },
    handler: refuse,
  });

  return {
    challenge: answered(routes.challenge),
    registration: answered(routes.registration),
    assertion: answered(routes.assertion),
    protect: (handler) => ({
      preParsing: async (request, reply, payload) => {
        const outcome = await routes.protect(fromFastify(request, payload), request);
        if ('refused' in outcome) return send(reply, outcome.refused);
        attestedRequests.set(request, outcome.attested);
        return signedPayload(request, outcome.content);
      },
      handler: (request, reply) => {
        const appAttest = attestedRequests.get(request);
        return appAttest ? handler(Object.assign(request, { appAttest }), reply) : refuse();
      },
    }),
  };
}

/** A route whose `preParsing` was replaced protects nothing. */
function refuse(): never {
  throw new Error('the preParsing hook of an App Attest route was left out or replaced');
}

function fromFastify(request: FastifyRequest, payload: RequestPayload): IncomingRequest {
  return fromNode({
    method: request.method,
    target: request.originalUrl,
    headers: request.headers,
    stream: payload,
    advice: 'a preParsing hook that reads the payload must return a new stream of the same bytes',
  });
}

/** What was signed, for the content type parser. Fastify compares the length that was sent with what was received. */
function signedPayload({ headers }: FastifyRequest, content: Uint8Array): RequestPayload {
  const receivedEncodedLength = Number(headers['content-length'] ?? content.length);
  return Object.assign(Readable.from([Buffer.from(content)], { objectMode: false }), { receivedEncodedLength });
}

function send(reply: FastifyReply, { status, headers, body }: Answer): FastifyReply {
  return reply.code(status).headers(headers).send(body);
}
