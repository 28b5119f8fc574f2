import type { AuthenticatedRequest } from '../server/authenticate.js';
import type { AppAttest } from '../server/create-app-attest.js';
import type { AcceptedEvidence } from '../server/formats.js';
import { toResponse } from './answer.js';
import type { HttpOptions } from './http-options.js';
import { fromRequest } from './incoming-request.js';
import { createRoutes } from './routes.js';
import { withContent } from './signed-content.js';

/**
 * Your handler for requests that a registered key signed.
 *
 * @param request The request. Its body is the signed content. Its path and query are signed too, except with `signed: 'body'`.
 * Its headers are not signed.
 * @param attested The key that signed the request, the signed bytes, and the signed extensions. For another format, the
 * result of the function in `formats`
 * @param rest Additional arguments that the framework passes
 */
export type ProtectedHandler<
  Rest extends unknown[] = [],
  Incoming extends Request = Request,
  Result extends object = never,
> = (request: Incoming, attested: AuthenticatedRequest | Result, ...rest: Rest) => Response | Promise<Response>;

/**
 * Handlers from {@link httpHandlers}. The response to a rejected request is JSON `{ "error": code }`. `docs/http.md`
 * lists all codes.
 */
export interface HttpHandlers<Result extends object = never> {
  /** `POST` with `{ "purpose": "attestation" | "assertion" }`. The response is `{ "challenge", "expiresAt" }`. */
  challenge(request: Request): Promise<Response>;
  /** `POST` with the registration JSON of the Capacitor plugin. The response is `{ "keyId" }` with status 201. */
  registration(request: Request): Promise<Response>;
  /** Verifies a signed request, without a handler of yours. The response is `{ "keyId" }`. */
  assertion(request: Request): Promise<Response>;
  /** Accepts a request only if a registered key signed it, and accepts each request once. */
  protect<Rest extends unknown[], Incoming extends Request = Request>(
    handler: ProtectedHandler<Rest, Incoming, Result>,
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
export function httpHandlers<Result extends AcceptedEvidence = never>(
  appAttest: AppAttest<Result>,
  options?: HttpOptions<Request>,
): HttpHandlers<Result> {
  const routes = createRoutes('httpHandlers', appAttest, options);
  return {
    challenge: async (request) => toResponse(await routes.challenge(fromRequest(request), request)),
    registration: async (request) => toResponse(await routes.registration(fromRequest(request), request)),
    assertion: async (request) => toResponse(await routes.assertion(fromRequest(request), request)),
    protect: (handler) => {
      return async (request, ...rest) => {
        const outcome = await routes.protect(fromRequest(request), request);
        if ('refused' in outcome) return toResponse(outcome.refused);
        return handler(withContent(request, outcome.content), outcome.attested, ...rest);
      };
    },
  };
}
