import type { AppAttest } from '../server/app-attest.js';
import type { AcceptedEvidence } from '../server/formats.js';
import { toResponse } from './answer.js';
import { FetchBody } from './fetch-body.js';
import type { HttpOptions, WithSessions } from './http-options.js';
import { fromRequest } from './incoming-request.js';
import type { Mode } from './mode.js';
import { createRoutes } from './routes.js';
import type { SessionRoutes } from './session-routes.js';
import { type SeenSession, type SessionVerdict, seenSession } from './session-verdict.js';
import { withBody, withContent } from './signed-content.js';
import { type AttestedVerdict, type SeenVerdict, seen, type Verdict } from './verdict.js';

/**
 * Your handler for protected requests.
 *
 * @param request The request. With `protect`, its body is the signed content. With `signed: 'request'`, its method, path and
 * query are signed too. Of its headers, only `Content-Digest` and the challenge are signed. In report mode, the body is the body
 * that the client sent, and the request may be unsigned. With `protectWithSession`, nothing in the request is signed.
 * @param verdict With `protect`: the key that signed the request, the signed bytes, and the signed extensions. With
 * `protectWithSession`: the session. If report mode let through a request that is not attested: only `attested: false` and the
 * code.
 * @param rest Additional arguments that the framework passes
 */
export type ProtectedHandler<
  Rest extends unknown[] = [],
  Incoming extends Request = Request,
  Seen extends Verdict<object> = AttestedVerdict,
> = (request: Incoming, verdict: Seen, ...rest: Rest) => Response | Promise<Response>;

/**
 * Handlers from {@link httpHandlers}. The response to a rejected request is JSON `{ "error": code }`. `docs/http.md`
 * lists all codes.
 */
export interface HttpHandlers<Seen extends Verdict<object> = AttestedVerdict> {
  /** `POST` with `{ "purpose": "attestation" | "assertion" }`. The response is `{ "challenge", "expiresAt" }`. */
  challenge(request: Request): Promise<Response>;
  /** `POST` with the registration JSON of `@capgo/capacitor-app-attest`. The response is `{ "keyId" }` with status 201. */
  registration(request: Request): Promise<Response>;
  /** Verifies a signed request and sends the response `{ "keyId" }`. You need no handler of your own. */
  assertion(request: Request): Promise<Response>;
  /**
   * Accepts a request only if a registered key signed it, and accepts each request once. In report mode, `protect` lets all
   * requests through, and the handler must check `attested` of the verdict.
   */
  protect<Rest extends unknown[], Incoming extends Request = Request>(
    handler: ProtectedHandler<Rest, Incoming, Seen>,
  ): (request: Incoming, ...rest: Rest) => Promise<Response>;
}

/** The handlers from {@link httpHandlers} that exist only with the option `sessions`. */
export interface HttpSessionHandlers<Seen extends Verdict<object> = SessionVerdict> {
  /** Exchanges a signed request for a session token. The response is `{ "token", "expiresAt" }`. */
  session(request: Request): Promise<Response>;
  /** `GET`. The response is the public keys as a JSON Web Key Set, which clients may cache for five minutes. */
  jwks(request: Request): Promise<Response>;
  /**
   * Accepts a request only if it has a valid session token in the header `Authorization`. Asks no store. The request itself is not
   * signed, and its body is the body that the client sent.
   */
  protectWithSession<Rest extends unknown[], Incoming extends Request = Request>(
    handler: ProtectedHandler<Rest, Incoming, Seen>,
  ): (request: Incoming, ...rest: Rest) => Promise<Response>;
}

/**
 * Creates handlers for any framework or runtime that uses Fetch `Request` and `Response`.
 *
 * @throws AppAttestError `invalid_argument`: an option is unknown or invalid
 *
 * @example
 * ```ts
 * const { challenge, registration, protect } = httpHandlers(appAttest);
 *
 * export const POST = protect(async (request, { key }) => {
 *   const order = await request.json();
 *   return Response.json({ ordered: order.item, by: key.subject });
 * });
 * ```
 */
export function httpHandlers<Chosen extends Mode = 'enforce', Result extends AcceptedEvidence = never>(
  appAttest: AppAttest<Result>,
  options: HttpOptions<Request, Chosen> & WithSessions,
): HttpHandlers<SeenVerdict<Chosen, Result>> & HttpSessionHandlers<SeenSession<Chosen>>;
/**
 * Creates handlers without sessions.
 *
 * @throws AppAttestError `invalid_argument`: an option is unknown or invalid
 */
export function httpHandlers<Chosen extends Mode = 'enforce', Result extends AcceptedEvidence = never>(
  appAttest: AppAttest<Result>,
  options?: HttpOptions<Request, Chosen>,
): HttpHandlers<SeenVerdict<Chosen, Result>>;
export function httpHandlers<Chosen extends Mode = 'enforce', Result extends AcceptedEvidence = never>(
  appAttest: AppAttest<Result>,
  options?: HttpOptions<Request, Chosen>,
): HttpHandlers<SeenVerdict<Chosen, Result>> & Partial<HttpSessionHandlers<SeenSession<Chosen>>> {
  const routes = createRoutes('httpHandlers', appAttest, options);
  return {
    challenge: async (request) => toResponse(await routes.challenge(fromRequest(request), request)),
    registration: async (request) => toResponse(await routes.registration(fromRequest(request), request)),
    assertion: async (request) => toResponse(await routes.assertion(fromRequest(request), request)),
    protect: (handler) => {
      return async (request, ...rest) => {
        const body = new FetchBody(request);
        const outcome = await routes.protect(fromRequest(request, body), request);
        if ('refused' in outcome) return toResponse(outcome.refused);
        if ('reported' in outcome) {
          return handler(withBody(request, body.arrived()), seen<Chosen, Result>(outcome.reported), ...rest);
        }
        return handler(withContent(request, outcome.content), outcome.attested, ...rest);
      };
    },
    ...(routes.sessions && sessionHandlers<Chosen>(routes.sessions)),
  };
}

function sessionHandlers<Chosen extends Mode>(
  routes: SessionRoutes<Request>,
): HttpSessionHandlers<SeenSession<Chosen>> {
  return {
    session: async (request) => toResponse(await routes.session(fromRequest(request), request)),
    jwks: async (request) => toResponse(await routes.jwks(fromRequest(request))),
    protectWithSession: (handler) => {
      return async (request, ...rest) => {
        const outcome = await routes.protectWithSession(fromRequest(request), request);
        if ('refused' in outcome) return toResponse(outcome.refused);
        return handler(request, seenSession<Chosen>(outcome.verdict), ...rest);
      };
    },
  };
}
