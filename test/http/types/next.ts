// Uses the types of app-attest/http in route handlers of Next.js. This file contains copies of the types of Next.js, because
// the package `next` needs 150 MB of disk space.
import {
  type AttestedVerdict,
  type HttpHandlers,
  type HttpOptions,
  httpHandlers,
  type Mode,
  type Verdict,
} from 'app-attest/http';
import type { AppAttest } from 'app-attest/server';
import { isExactly } from './same.js';

/** `NextRequest` of next/server. */
declare class NextRequest extends Request {
  get nextUrl(): URL;
}

/** `NextResponse` of next/server. */
declare class NextResponse<Body = unknown> extends Response {
  static override json<JsonBody>(body: JsonBody, init?: ResponseInit): NextResponse<JsonBody>;
  readonly body_: Body;
}

/** The type that Next.js requires of a route with a dynamic segment. */
type RouteHandler = (
  request: NextRequest,
  context: { params: Promise<{ id: string }> },
) => Promise<Response> | Response;

/** The type that Next.js requires of a route without a dynamic segment. */
type PlainRouteHandler = (request: NextRequest, context: { params: Promise<Record<never, never>> }) => unknown;

export function routes(appAttest: AppAttest) {
  const { challenge, registration, assertion, protect }: HttpHandlers = httpHandlers(appAttest, {
    subject: (request) => request.headers.get('x-user') ?? undefined,
  });
  const plain: PlainRouteHandler[] = [challenge, registration, assertion];

  const withParams: RouteHandler = protect(
    async (request: NextRequest, attested, { params }: { params: Promise<{ id: string }> }) => {
      isExactly<AttestedVerdict>()(attested, true);
      return NextResponse.json({ id: (await params).id, path: request.nextUrl.pathname });
    },
  );
  const inferred: RouteHandler = protect(async (request, { key }, { params }) => {
    isExactly<NextRequest>()(request, true);
    isExactly<Promise<{ id: string }>>()(params, true);
    return Response.json({ url: request.nextUrl.pathname, by: key.keyId });
  });
  return { plain, withParams, inferred };
}

/**
 * With `mode: 'report'` or a `mode` function, the verdict can be unattested. A handler that requires an attested verdict
 * does not compile.
 */
export function reported(appAttest: AppAttest) {
  const { protect } = httpHandlers(appAttest, { mode: 'report' });
  const chosen: HttpHandlers<Verdict> = httpHandlers(appAttest, {
    mode: (request, { keyId }) => (request.headers.get('x-app-build') === '7' && keyId ? 'enforce' : 'report'),
    onDecision: ({ request, code }) => [request.url, code],
  });
  isExactly<HttpHandlers>()(httpHandlers(appAttest, { mode: 'enforce' }), true);
  const options: HttpOptions<Request> = { bodyLimit: 1 };
  isExactly<HttpHandlers>()(httpHandlers(appAttest, options), true);
  const reporting: HttpOptions<Request, 'report'> = { mode: 'report' };
  isExactly<HttpHandlers<Verdict>>()(httpHandlers(appAttest, reporting), true);
  const configured: HttpOptions<Request, Mode> = { mode: appAttest.key.length === 1 ? 'report' : 'enforce' };
  isExactly<HttpHandlers<Verdict>>()(httpHandlers(appAttest, configured), true);

  const withParams: RouteHandler = protect(
    async (request: NextRequest, verdict, { params }: { params: Promise<{ id: string }> }) => {
      isExactly<Verdict>()(verdict, true);
      // @ts-expect-error the verdict can be unattested
      verdict.key;
      const by = verdict.attested ? verdict.key.keyId : verdict.code;
      return NextResponse.json({ id: (await params).id, path: request.nextUrl.pathname, by });
    },
  );
  const inferred: RouteHandler = chosen.protect(async (_request, verdict) => Response.json(verdict.attested));
  // @ts-expect-error the handler requires an attested verdict
  const enforced = protect((_request, { key }: AttestedVerdict) => Response.json(key.keyId));
  return { withParams, inferred, enforced };
}
