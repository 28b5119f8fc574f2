/**
 * Routes for challenges, registrations and protected requests, for Fastify 4 and 5.
 *
 * @module app-attest/fastify
 */

import type {
  FastifyReply,
  FastifyRequest,
  preParsingAsyncHookHandler,
  preValidationAsyncHookHandler,
  RequestPayload,
  RouteGenericInterface,
} from 'fastify';
import type { AuthenticatedRequest } from '../server/authenticate.js';
import type { AppAttest } from '../server/create-app-attest.js';
import type { Answer } from './answer.js';
import type { HttpOptions } from './http-options.js';
import type { IncomingRequest } from './incoming-request.js';
import { fromNode } from './node-request.js';
import { createRoutes } from './routes.js';
import { isJsonContent } from './signed-content.js';

export { AppAttestHttpError, type HttpErrorCode } from './http-error.js';
export type { HeaderNames, HttpOptions, Signed } from './http-options.js';
export type { OnReject, Rejection, Route } from './rejection.js';
export type { RejectionCode } from './status.js';

/**
 * A request that a registered key signed. Its body is what was signed, and nothing else: the value where it is JSON, a
 * `Buffer` otherwise, `undefined` where there is none.
 */
export type AttestedFastifyRequest<Generic extends RouteGenericInterface = RouteGenericInterface> =
  FastifyRequest<Generic> & {
    /** The key that signed the request, and every byte that it signed. */
    appAttest: AuthenticatedRequest;
  };

/** Options of a route that answers by itself: `app.post(path, route)`. */
export interface FastifyRoute<Generic extends RouteGenericInterface = RouteGenericInterface> {
  /** Reads and decides on the request before Fastify parses its body. */
  preParsing: preParsingAsyncHookHandler;
  /** Runs after the hooks; throws where they were replaced. */
  handler: (request: FastifyRequest<Generic>, reply: FastifyReply) => unknown;
}

/** Options of a protected route with its handler: `app.post(path, route)`, or `{ schema, ...route }` with your own. */
export interface FastifyProtectedRoute<Generic extends RouteGenericInterface = RouteGenericInterface>
  extends FastifyRoute<Generic> {
  /** Sets `body` to what was signed, before the schema of the route judges it. */
  preValidation: preValidationAsyncHookHandler;
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
  ): FastifyProtectedRoute<Generic>;
}

/**
 * Handlers for Fastify. They work in place of its content type parsers: nobody signed the content type.
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
  const routes = createRoutes('fastifyHandlers', appAttest, options);
  const attestedRequests = new WeakMap<object, Attested>();

  const answered = (route: (incoming: IncomingRequest, request: FastifyRequest) => Promise<Answer>): FastifyRoute => ({
    preParsing: async (request, reply, payload) => {
      return send(reply, await route(fromFastify(request, reply, payload), request));
    },
    handler: refuse,
  });

  return {
    challenge: answered(routes.challenge),
    registration: answered(routes.registration),
    assertion: answered(routes.assertion),
    protect: (handler) => ({
      preParsing: async (request, reply, payload) => {
        const outcome = await routes.protect(fromFastify(request, reply, payload), request);
        if ('refused' in outcome) return send(reply, outcome.refused);
        const { attested, content } = outcome;
        request.body = await parseSigned(request, content);
        attestedRequests.set(request, { attested, type: typeOf(content), isValidated: false });
        // Without a content type and a length, no content type parser runs.
        describeBody(request, undefined);
        return payload;
      },
      preValidation: async (request) => {
        const signed = attestedRequests.get(request) ?? refuse();
        describeBody(request, signed.type);
        // Fastify picks the schema of the body by it, and may have read it before it was replaced.
        const mediaType: unknown = Reflect.get(request, 'mediaType');
        if (mediaType !== undefined && mediaType !== signed.type) throw new Error(READ_TOO_EARLY);
        signed.isValidated = true;
      },
      handler: (request, reply) => {
        const signed = attestedRequests.get(request);
        if (!signed?.isValidated) return refuse();
        return handler(Object.assign(request, { appAttest: signed.attested }), reply);
      },
    }),
  };
}

interface Attested {
  readonly attested: AuthenticatedRequest;
  /** The media type of what was signed. */
  readonly type: string | undefined;
  /** Whether the `preValidation` hook ran. */
  isValidated: boolean;
}

const READ_TOO_EARLY = 'a hook in front of an App Attest route has read request.mediaType, which nobody signed';

/** A route whose hooks were replaced protects nothing. */
function refuse(): never {
  throw new Error('the preParsing or preValidation hook of an App Attest route was left out or replaced');
}

function fromFastify(request: FastifyRequest, reply: FastifyReply, payload: RequestPayload): IncomingRequest {
  return fromNode({
    method: request.method,
    target: targetOf(request),
    headers: request.headers,
    stream: payload,
    response: reply.raw,
    advice: 'a preParsing hook that reads the payload must return a new stream of the same bytes',
  });
}

/** As the client sent it. Fastify 4 did not have `request.originalUrl` from the beginning. */
function targetOf({ raw }: FastifyRequest): string {
  const original: unknown = Reflect.get(raw, 'originalUrl');
  return typeof original === 'string' ? original : String(raw.url);
}

function typeOf(content: Uint8Array): string | undefined {
  if (content.length === 0) return undefined;
  return isJsonContent(content) ? 'application/json' : 'application/octet-stream';
}

/** JSON as this server's Fastify reads it, which guards against poisoned prototypes; the bytes otherwise. */
async function parseSigned(request: FastifyRequest, content: Uint8Array): Promise<unknown> {
  const { server } = request;
  if (content.length === 0) return undefined;
  const bytes = Buffer.from(content);
  if (!isJsonContent(content)) return bytes;
  const { onProtoPoisoning = 'error', onConstructorPoisoning = 'error' } = server.initialConfig;
  const parse = server.getDefaultJsonParser(onProtoPoisoning, onConstructorPoisoning);
  return new Promise((resolve, reject) => {
    parse(request, bytes.toString(), (error, value) => (error ? reject(error) : resolve(value)));
  });
}

/** Gives the request the headers that what was signed would have come with. */
function describeBody(request: FastifyRequest, type: string | undefined): void {
  request.headers = {
    ...request.raw.headers,
    'content-type': type,
    'content-length': undefined,
    'transfer-encoding': undefined,
  };
}

function send(reply: FastifyReply, { status, headers, body }: Answer): FastifyReply {
  return reply.code(status).headers(headers).send(body);
}
