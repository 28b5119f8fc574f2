import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { newKey } from '../../src/conformance/new-key.js';
import { FaultyProxy } from '../servers/support/faulty-proxy.js';
import { PostgresServer } from '../servers/support/postgres-server.js';
import { clients, type OpenClient, useWebSocketProxy } from './support/open-clients.js';
import { WebSocketProxy } from './support/web-socket-proxy.js';

/** The time limit of the clients and of the stores, in seconds. */
const TIMEOUT = 1;

let server: PostgresServer;
let webSockets: WebSocketProxy;
beforeAll(async () => {
  [server, webSockets] = await Promise.all([PostgresServer.start(), WebSocketProxy.start()]);
  useWebSocketProxy(webSockets.port);
});
afterAll(() => Promise.all([server.stop(), webSockets.stop()]));

// The example for Neon prints the errors of its connections.
beforeEach(() => {
  vi.spyOn(console, 'warn').mockReturnValue();
});
afterEach(() => vi.restoreAllMocks());

describe.each(Object.entries(clients))('%s', (_, { open, closesDeadConnections }) => {
  let proxy: FaultyProxy;
  let client: OpenClient;
  const key = newKey();
  beforeAll(async () => {
    proxy = await FaultyProxy.to(server.port);
    client = open(server.url.replace(`:${server.port}`, `:${proxy.port}`), TIMEOUT);
    await client.stores.keys.insert(key);
  });
  afterAll(async () => {
    await proxy.stop();
    await client.close();
  });

  const find = () => client.stores.keys.find(key.keyId);

  it('works again after its connections were closed', async () => {
    await Promise.all(Array.from({ length: 20 }, find));
    proxy.cut();
    await expect.poll(find, { timeout: 10_000 }).toMatchObject({ keyId: key.keyId });
  });

  it(`ends each call on a connection that does not respond, and ${closesDeadConnections ? 'closes' : 'keeps'} the connection`, async () => {
    const calls = () => Promise.allSettled(Array.from({ length: 20 }, find));
    await calls();
    proxy.abandon();
    const start = performance.now();
    for (const { status } of await calls()) expect(status).toBe('rejected');
    expect(performance.now() - start).toBeLessThan(10_000);
    if (closesDeadConnections) await expect.poll(find, { timeout: 10_000 }).toMatchObject({ keyId: key.keyId });
    else for (const { status } of await calls()) expect(status).toBe('rejected');
  });
});
