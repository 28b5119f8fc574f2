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
import type { AppAttest } from '../server/create-app-attest.js';
import type { Answer } from './answer.js';
import type { HttpOptions } from './http-options.js';
import type { IncomingRequest } from './incoming-request.js';
import type { Mode } from './mode.js';
import { NodeBody } from './node-body.js';
import { announcedBy, fromNode } from './node-request.js';
import { createRoutes } from './routes.js';
import { isJsonContent } from './signed-content.js';
import { type AttestedVerdict, type SeenVerdict, seen, type Verdict } from './verdict.js';

export type { Capsule, CapsuleDigest, CapsuleExtensions, CapsuleKey, CapsuleValue } from '../explain/capsule.js';
export type { Decision, OnDecision, Route } from './decision.js';
export { AppAttestHttpError, type HttpErrorCode } from './http-error.js';
export type { HeaderNames, HttpOptions, Signed } from './http-options.js';
export type { ChooseMode, Mode, ModeClaims, ModeOption } from './mode.js';
export type { RejectionCode } from './status.js';
export type { AttestedVerdict, SeenVerdict, UnattestedVerdict, Verdict } from './verdict.js';

/**
 * A request that a registered key signed. Its body is the signed content and nothing else: the parsed value if it is
 * JSON, a `Buffer` otherwise, `undefined` if there is none. In report mode, it is any request, as Fastify parsed it.
 */
export type AttestedFastifyRequest<
  Generic extends RouteGenericInterface = RouteGenericInterface,
  Seen extends Verdict = AttestedVerdict,
> = FastifyRequest<Generic> & {
  /** The key that signed the request, and the signed bytes. In report mode also why it is not attested. */
  appAttest: Seen;
};

/** Options of a route that needs no handler of yours: `app.post(path, route)`. */
export interface FastifyRoute<Generic extends RouteGenericInterface = RouteGenericInterface> {
  /** Reads and decides on the request before Fastify parses its body. */
  preParsing: preParsingAsyncHookHandler;
  /** Runs after the hooks; throws where they were replaced. */
  handler: (request: FastifyRequest<Generic>, reply: FastifyReply) => unknown;
}

/**
 * Options of a protected route, with its handler: `app.post(path, route)`. Add your own options with
 * `{ schema, ...route }`.
 */
export interface FastifyProtectedRoute<Generic extends RouteGenericInterface = RouteGenericInterface>
  extends FastifyRoute<Generic> {
  /** Sets `body` to what was signed, before the schema of the route judges it. Does nothing in report mode. */
  preValidation: preValidationAsyncHookHandler;
}

/** Handlers from {@link fastifyHandlers}. Rejections are JSON `{ "error": code }`; `docs/http.md` lists all codes. */
export interface FastifyHandlers<Seen extends Verdict = AttestedVerdict> {
  /** `POST` with `{ "purpose": "attestation" | "assertion" }`. Answers `{ "challenge", "expiresAt" }`. */
  challenge: FastifyRoute;
  /** `POST` with the plugin's registration JSON. Answers 201 and `{ "keyId" }`. */
  registration: FastifyRoute;
  /** A protected request without a handler of its own. Answers `{ "keyId" }`. */
  assertion: FastifyRoute;
  /**
   * Accepts only requests that a registered key signed, each of them once. In report mode it accepts all requests, Fastify
   * parses and validates them as if they were not protected, and the handler must look at `appAttest.attested`.
   */
  protect<Generic extends RouteGenericInterface = RouteGenericInterface>(
    handler: (request: AttestedFastifyRequest<Generic, Seen>, reply: FastifyReply) => unknown,
  ): FastifyProtectedRoute<Generic>;
}

/**
 * Handlers for Fastify. They replace its content type parsers, because the content type is not signed.
 *
 * @throws AppAttestError `invalid_argument`: an option is unknown or invalid
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
export function fastifyHandlers<Chosen extends Mode = 'enforce'>(
  appAttest: AppAttest,
  options?: HttpOptions<FastifyRequest, Chosen>,
): FastifyHandlers<SeenVerdict<Chosen>> {
  const routes = createRoutes('fastifyHandlers', appAttest, options);
  const decided = new WeakMap<object, DecidedRequest>();

  const answered = (route: (incoming: IncomingRequest, request: FastifyRequest) => Promise<Answer>): FastifyRoute => ({
    preParsing: async (request, reply, payload) => {
      const body = bodyOf(request, payload);
      return send(reply, await route(fromFastify(request, reply, body), request));
    },
    handler: refuse,
  });

  return {
    challenge: answered(routes.challenge),
    registration: answered(routes.registration),
    assertion: answered(routes.assertion),
    protect: (handler) => ({
      preParsing: async (request, reply, payload) => {
        const body = bodyOf(request, payload);
        const outcome = await routes.protect(fromFastify(request, reply, body), request);
        if ('refused' in outcome) return send(reply, outcome.refused);
        if ('reported' in outcome) {
          decided.set(request, { verdict: outcome.reported, isReady: true });
          return body.stream;
        }
        const { attested, content } = outcome;
        request.body = await parseSigned(request, content);
        decided.set(request, { verdict: attested, signed: { type: typeOf(content) }, isReady: false });
        // Fastify runs no content type parser if content type and length are absent.
        describeBody(request, undefined);
        return payload;
      },
      preValidation: async (request) => {
        const decision = decided.get(request) ?? refuse();
        const { signed } = decision;
        if (!signed) return;
        describeBody(request, signed.type);
        // Fastify picks the body's schema by mediaType, and may have cached it before the content type was replaced.
        const mediaType: unknown = Reflect.get(request, 'mediaType');
        if (mediaType !== undefined && mediaType !== signed.type) throw new Error(READ_TOO_EARLY);
        decision.isReady = true;
      },
      handler: (request, reply) => {
        const decision = decided.get(request);
        if (!decision?.isReady) return refuse();
        return handler(Object.assign(request, { appAttest: seen<Chosen>(decision.verdict) }), reply);
      },
    }),
  };
}

interface DecidedRequest {
  readonly verdict: Verdict;
  /** The signed content, which replaces the body. Absent in report mode. */
  readonly signed?: {
    /** Its media type. */
    readonly type: string | undefined;
  };
  /** Whether all hooks ran that the request needs. */
  isReady: boolean;
}

const READ_TOO_EARLY = 'a hook before an App Attest route read request.mediaType, but the content type is not signed';

/** Throws: a route protects nothing if its hooks were replaced. */
function refuse(): never {
  throw new Error('the preParsing or preValidation hook of an App Attest route is missing or was replaced');
}

function bodyOf(request: FastifyRequest, payload: RequestPayload): NodeBody {
  return new NodeBody({
    stream: payload,
    length: Object.is(payload, request.raw) ? announcedBy(request.headers) : undefined,
    advice: 'a preParsing hook that reads the payload must return a new stream with the same bytes',
  });
}

function fromFastify(request: FastifyRequest, reply: FastifyReply, body: NodeBody): IncomingRequest {
  return fromNode({
    method: request.method,
    target: targetOf(request),
    headers: request.headers,
    body,
    response: reply.raw,
  });
}

/** The target as the client sent it. The first releases of Fastify 4 have no `request.originalUrl`. */
function targetOf({ raw }: FastifyRequest): string {
  const original: unknown = Reflect.get(raw, 'originalUrl');
  return typeof original === 'string' ? original : String(raw.url);
}

function typeOf(content: Uint8Array): string | undefined {
  if (content.length === 0) return undefined;
  return isJsonContent(content) ? 'application/json' : 'application/octet-stream';
}

/** JSON as parsed by this Fastify server, which guards against prototype poisoning; the bytes if it is not JSON. */
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

/** Replaces the request's headers about the body with those of the signed content. */
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
