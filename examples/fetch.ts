import { httpHandlers } from 'app-attest/http';
import { createAppAttest } from 'app-attest/server';

const appAttest = createAppAttest({ appId: 'TEAMID1234.com.example.app' });
const { challenge, registration, protect } = httpHandlers(appAttest);

const order = protect(async (request, { key }) => {
  const form: unknown = await request.json();
  return Response.json({ ordered: form, by: key.keyId });
});

/** Handles Fetch requests, as in Bun, Deno and SvelteKit. In Next.js, export `order` as `POST` from the route file. */
export async function fetchHandler(request: Request): Promise<Response> {
  switch (new URL(request.url).pathname) {
    case '/app-attest/challenge':
      return challenge(request);
    case '/app-attest/registration':
      return registration(request);
    case '/orders':
      return order(request);
    default:
      return new Response(null, { status: 404 });
  }
}
