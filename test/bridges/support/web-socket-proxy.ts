import { once } from 'node:events';
import { connect } from 'node:net';
import { WebSocketServer } from 'ws';

/** Connects WebSockets with servers on loopback, as the proxy of Neon does. The path of a WebSocket is the port of the server. */
export class WebSocketProxy {
  readonly port: number;
  readonly #server: WebSocketServer;

  static async start(): Promise<WebSocketProxy> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the server has no TCP port');
    server.on('connection', (client, { url = '' }) => {
      const socket = connect(Number(url.slice(1)), '127.0.0.1');
      client.on('message', (data: Buffer) => socket.write(data));
      client.on('close', () => socket.destroy());
      socket.on('data', (data) => client.send(data));
      socket.on('error', () => undefined); // followed by 'close'
      socket.on('close', () => client.terminate());
    });
    return new WebSocketProxy(address.port, server);
  }

  private constructor(port: number, server: WebSocketServer) {
    this.port = port;
    this.#server = server;
  }

  async stop(): Promise<void> {
    for (const client of this.#server.clients) client.terminate();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
