import { createTRPCClient, httpBatchLink } from '@trpc/client';
import type { AppAttestClient } from 'app-attest/client';
import type { AppRouter } from './router.js';

/** The client of tRPC in the app. `attested` is the result of `createClient` of `app-attest/client`. */
export function connect(attested: AppAttestClient) {
  // The url has no host, because the option baseUrl of createClient contains the host.
  const link = httpBatchLink({
    url: '/trpc',
    fetch: (target, { method, headers, body, signal } = {}) => {
      const text = typeof body === 'string' ? body : null; // this link sends JSON or no body
      return attested.fetch(String(target), { method, headers, body: text, signal });
    },
  });
  return createTRPCClient<AppRouter>({ links: [link] });
}
