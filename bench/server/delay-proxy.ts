import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

interface Held {
  readonly data: Buffer;
  readonly since: number;
}

/**
 * A proxy to a loopback server. It delays all data from the server, so that a round trip takes as long as to a server on
 * another machine. The delay is never shorter than requested. The timers of Node.js have a resolution of one millisecond, so
 * the delay can be up to about a millisecond longer. `meanDelay` returns the actual delay.
 */
export class DelayProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #delay: number;
  #delivered = 0;
  #heldFor = 0;

  /** @param delay Milliseconds */
  static async to(target: number, delay: number): Promise<DelayProxy> {
    const server = createServer({ noDelay: true });
    const proxy = new DelayProxy(server, delay);
    server.on('connection', (client) =>
      proxy.#join(client, connect({ port: target, host: '127.0.0.1', noDelay: true })),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  private constructor(server: Server, delay: number) {
    this.#server = server;
    this.#delay = delay;
  }

  get port(): number {
    return portOf(this.#server.address());
  }

  /**
   * @param milliseconds The delay of data that the proxy already holds, and of data that arrives later. A timer that is already
   *   running does not become shorter
   */
  set delay(milliseconds: number) {
    this.#delay = milliseconds;
    this.#delivered = 0;
    this.#heldFor = 0;
  }

  /** The mean actual delay since the requested delay was last changed, in milliseconds. */
  get meanDelay(): number {
    return this.#heldFor / this.#delivered;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket, server: Socket): void {
    client.on('data', (data) => server.write(data));
    this.#deliverLate(server, client);
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }

  #deliverLate(from: Socket, to: Socket): void {
    const queue: Held[] = [];
    let isWaiting = false;
    const deliver = () => {
      isWaiting = false;
      while (true) {
        const [next] = queue;
        if (!next) return;
        const heldFor = performance.now() - next.since;
        if (heldFor < this.#delay) {
          isWaiting = true;
          setTimeout(deliver, this.#delay - heldFor);
          return;
        }
        queue.shift();
        this.#delivered += 1;
        this.#heldFor += heldFor;
        to.write(next.data);
      }
    };
    from.on('data', (data) => {
      queue.push({ data, since: performance.now() });
      if (!isWaiting) deliver();
    });
  }
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the proxy has no TCP port');
  return address.port;
}
