import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';

/** A server on the loopback address of this machine. No other machine can reach it. */
export interface RunningServer {
  readonly origin: string;
  stop(): Promise<void>;
}

/** @param port 0 for any free port */
export async function listenLocally(listener: RequestListener, port: number): Promise<RunningServer> {
  const server = createServer(listener);
  // Each request has a connection of its own, because the service may restart between two requests.
  server.maxRequestsPerSocket = 1;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a TCP port');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    stop: async () => {
      server.close();
      // Browsers keep connections open, and the page never ends its stream of steps.
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
