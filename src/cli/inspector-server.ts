import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** A server of the inspector page on a loopback address. */
export interface InspectorServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Finds the Content Security Policy in the page. The response header repeats this policy. */
const POLICY = /<meta\s+http-equiv="Content-Security-Policy"\s+content="([^"]*)"/i;
/** The Content Security Policy for a page that contains no policy. */
const NO_CONNECTIONS = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'";

/**
 * Serves the page, and nothing else, on a random port of 127.0.0.1. Requests with another host name are rejected.
 * Otherwise, another site could read the page after it changed its own DNS record to 127.0.0.1 (DNS rebinding).
 */
export async function serveInspector(page: string): Promise<InspectorServer> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const host = `127.0.0.1:${portOf(server)}`;
  server.on('request', (request, response) => respond(request, response, host, page));
  return {
    url: `http://${host}/`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function respond(
  { method, url, headers }: IncomingMessage,
  response: ServerResponse,
  host: string,
  page: string,
): void {
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  if (headers.host !== host) {
    response.writeHead(421).end();
  } else if (url?.replace(/\?.*$/, '') !== '/') {
    response.writeHead(404).end();
  } else if (method !== 'GET' && method !== 'HEAD') {
    response.writeHead(405, { Allow: 'GET, HEAD' }).end();
  } else {
    const policy = `${POLICY.exec(page)?.[1] ?? NO_CONNECTIONS}; frame-ancestors 'none'`;
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': policy });
    response.end(method === 'HEAD' ? undefined : page);
  }
}

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address === 'object' && address) return address.port;
  throw new Error('the server has no port');
}
