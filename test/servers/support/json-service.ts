import type { AppAttest } from '../../../src/server/index.js';
import { SERVERS } from '../../support/http-servers.js';

/** The parts of a response that a store can affect. `error` is a code, or `undefined` for success. */
export interface JsonResponse {
  status: number;
  retryAfter: string | null;
  error: unknown;
}

/** An Express server with the HTTP handlers, and a method that posts JSON to it. */
export interface JsonService {
  post(path: '/challenge' | '/registration' | '/assertion', body: unknown): Promise<JsonResponse>;
  close(): Promise<void>;
}

export async function startJsonService(backend: AppAttest): Promise<JsonService> {
  const start = SERVERS['app-attest/express'];
  if (!start) throw new Error('SERVERS has no entry app-attest/express');
  const { origin, close } = await start(backend, { onDecision: () => undefined });
  return {
    async post(path, body) {
      const response = await fetch(`${origin}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      const { error } = Object(await response.json());
      return { status: response.status, retryAfter: response.headers.get('retry-after'), error };
    },
    close,
  };
}
