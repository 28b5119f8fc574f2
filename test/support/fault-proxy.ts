import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { originOf, type TestServer } from './http-servers.js';

/** What the proxy does with a request. */
export type Fault = 'none' | 'drop the request' | 'drop the answer' | 'delay' | 'repeat';

const { setTimeout: later } = globalThis;

/** Starts a proxy in front of a server. `faultOf` decides what happens to each request. */
export async function startFaultProxy(
  origin: string,
  faultOf: (request: IncomingMessage) => Fault,
): Promise<TestServer> {
  const proxy = createServer(async (request, response) => {
    const fault = faultOf(request);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    if (fault === 'drop the request') return void request.socket.destroy();
    const headers = new Headers();
    for (const [name, value] of Object.entries(request.headers)) {
      if (!['host', 'connection', 'content-length'].includes(name)) headers.set(name, String(value));
    }
    const body = Buffer.concat(chunks);
    const init = { method: request.method ?? '', headers, ...(body.length > 0 && { body }) };
    const forward = () => fetch(origin + request.url, init);
    if (fault === 'repeat') await forward();
    const answer = await forward();
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (fault === 'drop the answer') return void request.socket.destroy();
    if (fault === 'delay') await new Promise((resolve) => later(resolve, 20));
    const contentType = answer.headers.get('content-type') ?? 'text/plain';
    const cacheControl = answer.headers.get('cache-control') ?? 'private';
    response.writeHead(answer.status, { 'content-type': contentType, 'cache-control': cacheControl }).end(bytes);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    origin: originOf(proxy),
    close: async () => {
      proxy.closeAllConnections();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}
