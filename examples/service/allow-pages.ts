import type { RequestHandler } from 'express';

/** Lets pages on other origins read the responses, and answers their preflights. docs/http.md has CORS for an app. */
export function allowPages(origins: ReadonlySet<string>): RequestHandler {
  return (request, response, next) => {
    const origin = request.get('Origin') ?? '';
    response.vary('Origin');
    if (!origins.has(origin)) return next();
    response.set('Access-Control-Allow-Origin', origin);
    response.set('Access-Control-Expose-Headers', 'Retry-After');
    if (request.method !== 'OPTIONS') return next();
    response.set('Access-Control-Allow-Methods', 'GET, POST');
    response.set('Access-Control-Allow-Headers', request.get('Access-Control-Request-Headers') ?? '');
    response.set('Access-Control-Max-Age', '7200');
    response.status(204).end();
  };
}
