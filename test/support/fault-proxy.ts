import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { originOf, type TestServer } from './http-servers.js';

/** What the proxy does with a request. `late …`: only after the client has given up. */
export type Fault =
  | 'none'
  | 'drop the request'
  | 'drop the answer'
  | 'cut off the answer'
  | 'delay'
  | 'late request'
  | 'late answer'
  | 'repeat';

const { setTimeout: later } = globalThis;
const wait = (milliseconds: number) => new Promise((resolve) => later(resolve, milliseconds));

/** The time after which a late request or answer goes on, in milliseconds. */
const LATE = 2000;

/** Starts a proxy in front of a server. `faultOf` decides what happens to each request. */
export async function startFaultProxy(
  origin: string,
  faultOf: (request: IncomingMessage) => Fault,
): Promise<TestServer> {
  /** The proxy forwards late requests after their client has given up. */
  const running = new Set<Promise<void>>();
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
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
    if (fault === 'late request') await wait(LATE);
    if (fault === 'repeat') await forward();
    const answer = await forward();
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (fault === 'drop the answer') return void request.socket.destroy();
    if (fault === 'delay') await wait(20);
    if (fault === 'late answer') await wait(LATE);
    const contentType = answer.headers.get('content-type') ?? 'text/plain';
    const cacheControl = answer.headers.get('cache-control') ?? 'private';
    const head = { 'content-type': contentType, 'cache-control': cacheControl, 'content-length': bytes.length };
    response.writeHead(answer.status, head);
    if (fault !== 'cut off the answer') return void response.end(bytes);
    response.write(bytes.subarray(0, 3), () => request.socket.destroy());
  };
  const proxy = createServer((request, response) => {
    const handled = handle(request, response).finally(() => running.delete(handled));
    running.add(handled);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    origin: originOf(proxy),
    close: async () => {
      await Promise.all(running);
      proxy.closeAllConnections();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}
