import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { originOf } from '../../support/http-servers.js';

/** A proxy that removes the first part of each path, as API gateways do. Other paths get the status 404. */
export interface PrefixProxy {
  /** The origin, without a slash at the end. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a proxy in front of a server. */
export async function startPrefixProxy(target: string, prefix: string): Promise<PrefixProxy> {
  const proxy = createServer((received, response) => {
    const { method = '', url = '', headers } = received;
    if (!url.startsWith(`${prefix}/`)) return void response.writeHead(404).end();
    const forwarded = request(target + url.slice(prefix.length), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    forwarded.on('error', () => response.destroy());
    received.pipe(forwarded);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    url: originOf(proxy),
    stop: async () => {
      proxy.closeAllConnections();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}
