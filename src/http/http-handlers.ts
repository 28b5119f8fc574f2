import type { AppAttest } from '../server/create-app-attest.js';
import { toResponse } from './answer.js';
import { FetchBody } from './fetch-body.js';
import type { HttpOptions } from './http-options.js';
import { fromRequest } from './incoming-request.js';
import type { Mode } from './mode.js';
import { createRoutes } from './routes.js';
import { withBody, withContent } from './signed-content.js';
import { type AttestedVerdict, type SeenVerdict, seen, type Verdict } from './verdict.js';

/**
 * Handles a protected request.
 *
 * @param request Its body is the signed content and nothing else. Its headers are not signed. The path and query of its
 * URL are signed, except with `signed: 'body'`. In report mode, it is the request as it arrived
 * @param verdict The key that signed the request, and the signed bytes. In report mode also why it is not attested
 * @param rest Further arguments that the framework passes
 */
export type ProtectedHandler<
  Rest extends unknown[] = [],
  Incoming extends Request = Request,
  Seen extends Verdict = AttestedVerdict,
> = (request: Incoming, verdict: Seen, ...rest: Rest) => Response | Promise<Response>;

/** Handlers from {@link httpHandlers}. Rejections are JSON `{ "error": code }`; `docs/http.md` lists all codes. */
export interface HttpHandlers<Seen extends Verdict = AttestedVerdict> {
  /** `POST` with `{ "purpose": "attestation" | "assertion" }`. Answers `{ "challenge", "expiresAt" }`. */
  challenge(request: Request): Promise<Response>;
  /** `POST` with the plugin's registration JSON. Answers 201 and `{ "keyId" }`. */
  registration(request: Request): Promise<Response>;
  /** A protected request without a handler of its own. Answers `{ "keyId" }`. */
  assertion(request: Request): Promise<Response>;
  /**
   * Accepts only requests that a registered key signed, each of them once. In report mode it accepts all requests, and the
   * handler must look at `attested` of the verdict.
   */
  protect<Rest extends unknown[], Incoming extends Request = Request>(
    handler: ProtectedHandler<Rest, Incoming, Seen>,
  ): (request: Incoming, ...rest: Rest) => Promise<Response>;
}

/**
 * Handlers for any framework and runtime built on Fetch `Request` and `Response`.
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
export function httpHandlers<Chosen extends Mode = 'enforce'>(
  appAttest: AppAttest,
  options?: HttpOptions<Request, Chosen>,
): HttpHandlers<SeenVerdict<Chosen>> {
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
          return handler(withBody(request, body.arrived()), seen<Chosen>(outcome.reported), ...rest);
        }
        return handler(withContent(request, outcome.content), outcome.attested, ...rest);
      };
    },
  };
}
