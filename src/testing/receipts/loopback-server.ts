import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** A server on a loopback address. */
export interface ListeningServer {
  /** `http://127.0.0.1:port` followed by the path. */
  url: string;
  /** Closes all connections and frees the port. */
  close(): Promise<void>;
}

type Handler = (request: Request) => Promise<Response>;

/** Serves HTTP with a handler, on a free port of 127.0.0.1. If the handler throws, the server closes the connection. */
export async function listen(path: string, handler: Handler): Promise<ListeningServer> {
  const server = createServer((incoming, outgoing) => {
    respond(handler, incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server is not listening on a port');
  return {
    url: `http://127.0.0.1:${address.port}${path}`,
    close: () => {
      return new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      });
    },
  };
}

async function respond(handler: Handler, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const response = await handler(await readRequest(incoming, outgoing));
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(Buffer.from(await response.arrayBuffer()));
}

async function readRequest(incoming: IncomingMessage, outgoing: ServerResponse): Promise<Request> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const { method = 'GET', url = '/', headers } = incoming;
  const gone = new AbortController();
  outgoing.once('close', () => gone.abort());
  return new Request(new URL(url, 'http://127.0.0.1'), {
    method,
    headers: headers.authorization === undefined ? {} : { authorization: headers.authorization },
    signal: gone.signal,
    ...(method !== 'GET' && method !== 'HEAD' && { body: Buffer.concat(chunks) }),
  });
}
