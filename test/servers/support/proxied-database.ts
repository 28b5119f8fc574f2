import type { FaultyStore } from './faults.js';
import { FaultyProxy } from './faulty-proxy.js';
import type { Addresses } from './store-kinds.js';

/** A database server that a test can end and start again. */
interface DatabaseServer<Stop extends NodeJS.Signals> {
  readonly port: number;
  readonly url: string;
  restart(signal: Stop | 'SIGKILL', whileDown: () => Promise<void>): Promise<void>;
  cutConnections(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Puts a proxy in front of a server. The proxy can close connections, and hold back their data.
 *
 * @param stop The signal that ends the server after its statements
 * @param addressesOf Returns the addresses for the URL of the proxy
 */
export async function proxiedDatabase<Stop extends NodeJS.Signals>(
  server: DatabaseServer<Stop>,
  stop: Stop,
  addressesOf: (url: string) => Addresses,
): Promise<FaultyStore> {
  const proxy = await FaultyProxy.to(server.port);
  return {
    addresses: addressesOf(server.url.replace(String(server.port), String(proxy.port))),
    restart: (how, whileDown) => server.restart(how === 'stop' ? stop : 'SIGKILL', whileDown),
    cut: async () => {
      await server.cutConnections();
      proxy.cut();
    },
    async stall(meanwhile) {
      proxy.stall();
      await meanwhile();
      proxy.resume();
    },
    async stop() {
      await proxy.stop();
      await server.stop();
    },
  };
}
