// Uses the types of app-attest/http in route handlers of Next.js. The types of Next.js are copied, because the package has 150
// MB.
import { type HttpHandlers, httpHandlers } from 'app-attest/http';
import type { AppAttest, AuthenticatedRequest } from 'app-attest/server';
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
      isExactly<AuthenticatedRequest>()(attested, true);
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
