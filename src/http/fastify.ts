/**
 * Handlers for challenges, registrations and protected requests in Fastify 4 and 5.
 *
 * @module app-attest/fastify
 */

import type {
  FastifyReply,
  FastifyRequest,
  onRequestAsyncHookHandler,
  preParsingAsyncHookHandler,
  preValidationAsyncHookHandler,
  RequestPayload,
  RouteGenericInterface,
} from 'fastify';
import type { AppAttest } from '../server/app-attest.js';
import type { AcceptedEvidence } from '../server/formats.js';
import type { Answer } from './answer.js';
import type { HttpOptions, WithSessions } from './http-options.js';
import type { IncomingRequest } from './incoming-request.js';
import type { Mode } from './mode.js';
import { NodeBody } from './node-body.js';
import { announcedBy, fromNode } from './node-request.js';
import { createRoutes } from './routes.js';
import type { SessionRoutes } from './session-routes.js';
import { type SeenSession, type SessionVerdict, seenSession } from './session-verdict.js';
import { isJsonContent } from './signed-content.js';
import { type AttestedVerdict, type SeenVerdict, seen, type Verdict } from './verdict.js';

export * from './entry-exports.js';

/**
 * A request that a registered key signed. Its `body` is the signed content: the parsed value if the content is JSON, a
 * `Buffer` otherwise. `body` is `undefined` if the content is empty. If Fastify has a parser for `multipart/form-data`,
 * this parser reads a signed form instead. In report mode, the request may be unsigned, and Fastify has parsed the
 * body.
 */
export type AttestedFastifyRequest<
  Generic extends RouteGenericInterface = RouteGenericInterface,
  Seen extends Verdict<object> = AttestedVerdict,
> = FastifyRequest<Generic> & {
  /**
   * After `protect`: the key that signed the request, the signed bytes, and the signed extensions. After `protectWithSession`: the
   * session. If report mode let through a request that is not attested: only `attested: false` and the code.
   */
  appAttest: Seen;
};

/** Route options for Fastify, including the handler. Use them as `app.post(path, route)`. */
export interface FastifyRoute<Generic extends RouteGenericInterface = RouteGenericInterface> {
  /** Verifies the request before Fastify parses the body. */
  preParsing: preParsingAsyncHookHandler;
  /** Runs after the hooks. Throws an error if the hooks were removed or replaced. */
  handler: (request: FastifyRequest<Generic>, reply: FastifyReply) => unknown;
}

/**
 * Route options for a protected route, including your handler. Use them as `app.post(path, route)`. To add your own options,
 * pass an object such as `{ schema, ...route }`.
 */
export interface FastifyProtectedRoute<Generic extends RouteGenericInterface = RouteGenericInterface>
  extends FastifyRoute<Generic> {
  /**
   * Sets the headers of the signed body before Fastify validates the body with the schema of the route. Does nothing in report
   * mode, and if a parser of Fastify reads a signed form.
   */
  preValidation: preValidationAsyncHookHandler;
}

/**
 * Handlers from {@link fastifyHandlers}. The response to a rejected request is JSON `{ "error": code }`. `docs/http.md`
 * lists all codes.
 */
export interface FastifyHandlers<Seen extends Verdict<object> = AttestedVerdict> {
  /** `POST` with `{ "purpose": "attestation" | "assertion" }`. The response is `{ "challenge", "expiresAt" }`. */
  challenge: FastifyRoute;
  /** `POST` with the registration JSON of `@capgo/capacitor-app-attest`. The response is `{ "keyId" }` with status 201. */
  registration: FastifyRoute;
  /** Verifies a signed request and sends the response `{ "keyId" }`. You need no handler of your own. */
  assertion: FastifyRoute;
  /**
   * Accepts a request only if a registered key signed it, and accepts each request once. In report mode, `protect` lets all
   * requests through. Fastify then parses and validates the body as without App Attest, and the handler must check
   * `appAttest.attested`.
   */
  protect<Generic extends RouteGenericInterface = RouteGenericInterface>(
    handler: (request: AttestedFastifyRequest<Generic, Seen>, reply: FastifyReply) => unknown,
  ): FastifyProtectedRoute<Generic>;
}

/**
 * Route options for a route with sessions, including your handler. Use them as `app.get(path, route)`. To add your own options,
 * pass an object such as `{ schema, ...route }`.
 */
export interface FastifySessionRoute<Generic extends RouteGenericInterface = RouteGenericInterface> {
  /** Verifies the token before Fastify reads the body. */
  onRequest: onRequestAsyncHookHandler;
  /** Runs after the hook. Throws an error if the hook was removed or replaced. */
  handler: (request: FastifyRequest<Generic>, reply: FastifyReply) => unknown;
}

/** The handlers from {@link fastifyHandlers} that exist only with the option `sessions`. */
export interface FastifySessionHandlers<Seen extends Verdict<object> = SessionVerdict> {
  /** Exchanges a signed request for a session token. The response is `{ "token", "expiresAt" }`. */
  session: FastifyRoute;
  /** `GET`. The response is the public keys as a JSON Web Key Set, which clients may cache for five minutes. */
  jwks: FastifyRoute;
  /**
   * Accepts a request only if it has a valid session token in the header `Authorization`. Asks no store. The request itself is not
   * signed. Fastify parses and validates the body as on any other route.
   */
  protectWithSession<Generic extends RouteGenericInterface = RouteGenericInterface>(
    handler: (request: AttestedFastifyRequest<Generic, Seen>, reply: FastifyReply) => unknown,
  ): FastifySessionRoute<Generic>;
}

/**
 * Creates route options for Fastify. On routes with `protect`, Fastify's content type parsers do not run, because the
 * content type is not signed. There are two exceptions. In report mode, all parsers run. If the assertion is in the
 * headers and the signed content is `multipart/form-data`, the parser of this content type runs.
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
export function fastifyHandlers<Chosen extends Mode = 'enforce', Result extends AcceptedEvidence = never>(
  appAttest: AppAttest<Result>,
  options: HttpOptions<FastifyRequest, Chosen> & WithSessions,
): FastifyHandlers<SeenVerdict<Chosen, Result>> & FastifySessionHandlers<SeenSession<Chosen>>;
/**
 * Creates route options without sessions.
 *
 * @throws AppAttestError `invalid_argument`: an option is unknown or invalid
 */
export function fastifyHandlers<Chosen extends Mode = 'enforce', Result extends AcceptedEvidence = never>(
  appAttest: AppAttest<Result>,
  options?: HttpOptions<FastifyRequest, Chosen>,
): FastifyHandlers<SeenVerdict<Chosen, Result>>;
export function fastifyHandlers<Chosen extends Mode = 'enforce', Result extends AcceptedEvidence = never>(
  appAttest: AppAttest<Result>,
  options?: HttpOptions<FastifyRequest, Chosen>,
): FastifyHandlers<SeenVerdict<Chosen, Result>> & Partial<FastifySessionHandlers<SeenSession<Chosen>>> {
  const routes = createRoutes('fastifyHandlers', appAttest, options);
  const { sessions } = routes;
  const decided = new WeakMap<object, DecidedRequest<Result>>();

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
        const { attested, content, isReplayed } = outcome;
        if (isReplayed) {
          // The headers describe the signed content, so Fastify's own parser of forms may read it.
          decided.set(request, { verdict: attested, isReady: true });
          return body.stream;
        }
        request.body = await parseSigned(request, content);
        decided.set(request, { verdict: attested, signed: { type: typeOf(content) }, isReady: false });
        // Fastify runs no content type parser if the headers Content-Type and Content-Length are absent.
        describeBody(request, undefined);
        return payload;
      },
      preValidation: async (request) => {
        const decision = decided.get(request) ?? refuse();
        const { signed } = decision;
        if (!signed) return;
        describeBody(request, signed.type);
        // Fastify chooses the schema of the body by mediaType. A hook may have cached the old mediaType.
        const mediaType: unknown = Reflect.get(request, 'mediaType');
        if (mediaType !== undefined && mediaType !== signed.type) throw new Error(READ_TOO_EARLY);
        decision.isReady = true;
      },
      handler: (request, reply) => {
        const decision = decided.get(request);
        if (!decision?.isReady) return refuse();
        return handler(Object.assign(request, { appAttest: seen<Chosen, Result>(decision.verdict) }), reply);
      },
    }),
    ...(sessions && {
      session: answered(sessions.session),
      jwks: answered(sessions.jwks),
      protectWithSession: (handler) => protectedWithSession(sessions, handler),
    }),
  };
}

function protectedWithSession<Chosen extends Mode, Generic extends RouteGenericInterface>(
  routes: SessionRoutes<FastifyRequest>,
  handler: (request: AttestedFastifyRequest<Generic, SeenSession<Chosen>>, reply: FastifyReply) => unknown,
): FastifySessionRoute<Generic> {
  const verdicts = new WeakMap<object, SeenSession<Chosen>>();
  return {
    onRequest: async (request, reply) => {
      const incoming = fromFastify(request, reply, bodyOf(request, request.raw));
      const outcome = await routes.protectWithSession(incoming, request);
      if ('refused' in outcome) return send(reply, outcome.refused);
      verdicts.set(request, seenSession<Chosen>(outcome.verdict));
    },
    handler: (request, reply) => {
      const verdict = verdicts.get(request);
      if (!verdict) return refuse();
      return handler(Object.assign(request, { appAttest: verdict }), reply);
    },
  };
}

interface DecidedRequest<Result extends object> {
  readonly verdict: Verdict<Result>;
  /** Present if the signed content replaces the body. */
  readonly signed?: {
    /** The media type of the signed content. */
    readonly type: string | undefined;
  };
  /** Whether all hooks that the handler relies on have run. */
  isReady: boolean;
}

const READ_TOO_EARLY =
  'a hook before an App Attest route read request.mediaType; the signed content has another media type';

/** Throws the error for a route whose hooks were removed or replaced. Such a route would accept unverified requests. */
function refuse(): never {
  throw new Error('a hook of an App Attest route (onRequest, preParsing, preValidation) was removed or replaced');
}

function bodyOf(request: FastifyRequest, payload: RequestPayload): NodeBody {
  // A hook may return another stream, for example to decompress the body. If this stream fails while nothing reads it, the error
  // would otherwise end the process.
  if (!Object.is(payload, request.raw)) payload.on('error', () => undefined);
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
    replaysForms: request.server.hasContentTypeParser('multipart/form-data'),
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

/**
 * Parses JSON with Fastify's default JSON parser and the server's settings for prototype poisoning. Returns other content as
 * bytes.
 */
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

/** Replaces the headers about the body with headers for the signed content. */
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
