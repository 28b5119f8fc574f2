import type { RequestHandler } from 'express';

/**
 * Rejects requests of other pages in the same browser. Otherwise, a page on the web could use the virtual devices, also with a
 * host name of its own that resolves to 127.0.0.1 (DNS rebinding).
 */
export const onlyOwnPage: RequestHandler = (request, response, next) => {
  const host = `127.0.0.1:${request.socket.localPort}`;
  const isOwnHost = request.get('Host') === host;
  const isOwnOrigin = request.method === 'GET' || request.get('Origin') === `http://${host}`;
  if (isOwnHost && isOwnOrigin) return next();
  response.status(403).json({ error: 'only the page of the example may send this request' });
};

/** Forbids all scripts, styles and connections except those of the page, and its connections to the service. */
export function securityHeaders(service: string): RequestHandler {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `connect-src 'self' ${service}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return (_request, response, next) => {
    response.set('Content-Security-Policy', policy);
    response.set('Cross-Origin-Resource-Policy', 'same-origin');
    response.set('Referrer-Policy', 'no-referrer');
    response.set('X-Content-Type-Options', 'nosniff');
    next();
  };
}
