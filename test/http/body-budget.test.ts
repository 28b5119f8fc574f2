import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { BodyBudget, BodyShare } from '../../src/http/body-budget.js';
import { createBackend, createDevice } from '../support/backend.js';
import { Client } from '../support/http-client.js';
import { SERVERS, type TestServer } from '../support/http-servers.js';
import { send } from '../support/raw-http.js';

const MIB = 1 << 20;
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** Sends a body without its last byte, and keeps the connection open. */
async function withhold(server: TestServer, path: string, length: number): Promise<Socket> {
  const { hostname, port } = new URL(server.origin);
  const socket = connect(Number(port), hostname);
  closing.push(() => socket.destroy());
  await once(socket, 'connect');
  const head = `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;
  socket.write(head);
  await new Promise((resolve) => socket.write(Buffer.alloc(length - 1, ' '), resolve));
  return socket;
}

const json = { 'content-type': 'application/json' };

describe('the memory budget for bodies', () => {
  it('counts the bytes that all shares take, and gets the bytes of a share back only once', () => {
    const budget = new BodyBudget(10);
    const [first, second] = [new BodyShare(budget), new BodyShare(budget)];
    first.take(6);
    expect(() => second.take(5)).toThrow(expect.objectContaining({ code: 'overloaded', retryAfter: 1 }));
    second.take(4);
    first.release();
    first.release();
    expect(() => second.take(7)).toThrow();
    second.take(6);
  });
});

describe.each(Object.entries(SERVERS))('bodies of all connections to %s', (_, start) => {
  async function serve(options: { bodyTimeout?: number } = {}) {
    const server = await start(createBackend(), {
      bodyLimit: MIB,
      bodyBudget: 16 * MIB,
      onDecision: () => undefined,
      ...options,
    });
    closing.push(() => server.close());
    const client = new Client(server.origin, await createDevice());
    await client.register();
    return { server, client };
  }

  it('use at most the budget: excess unsigned requests get status 503, and a request signed in headers is accepted', async () => {
    const { server, client } = await serve();
    const sockets = await Promise.all(Array.from({ length: 8 }, () => withhold(server, '/orders', MIB)));
    const answers = sockets.map((socket) => once(socket, 'data').then(([data]) => String(data)));
    const refused = await Promise.race(answers);
    expect(refused).toMatch(/^HTTP\/1\.1 503 /);
    expect(refused).toMatch(/\r\nretry-after: 1\r\n/i);
    expect(refused).toContain('{"error":"overloaded"}');
    const body = JSON.stringify({ item: 'x'.repeat(MIB / 2) });
    const headers = await client.sign('POST', '/orders', body);
    expect(await client.post('/orders', body, headers)).toMatchObject({ status: 200 });
    for (const socket of sockets) socket.destroy();
  });

  it('return their memory to the budget, regardless of how they end', async () => {
    const { server, client } = await serve({ bodyTimeout: 0.3 });
    const full = () => send(server.origin, { path: '/orders', headers: json, body: Buffer.alloc(MIB, ' ') });
    for (let round = 0; round < 3; round += 1) {
      // Bodies end in four ways: the client closes the connection, bodyTimeout expires, the body is too long, or all bytes
      // arrive.
      const left = await Promise.all(Array.from({ length: 3 }, () => withhold(server, '/orders', MIB)));
      for (const socket of left) socket.destroy();
      const late = await Promise.all(Array.from({ length: 3 }, () => withhold(server, '/registration', MIB / 8)));
      await Promise.all(late.map((socket) => once(socket, 'data')));
      await send(server.origin, {
        path: '/orders',
        headers: json,
        chunks: Array(20).fill(Buffer.alloc(MIB / 16, ' ')),
      });
      await expect.poll(async () => (await full()).body).toEqual({ error: 'malformed_assertion' });
      const body = JSON.stringify({ item: 'x'.repeat(MIB - 20) });
      for (let time = 0; time < 2; time += 1) {
        const headers = await client.sign('POST', '/orders', body);
        expect(await client.post('/orders', body, headers)).toMatchObject({ status: 200 });
      }
    }
    // Unverified protected requests share a quarter of the budget, 4 MiB. This quarter is completely available again.
    const together = await Promise.all(Array.from({ length: 4 }, full));
    expect(together.map(({ status }) => status)).toEqual([400, 400, 400, 400]);
  });

  it('are counted by the bytes that arrived, not by the announced length', async () => {
    const { server } = await serve();
    const { hostname, port } = new URL(server.origin);
    const head = `POST /orders HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${MIB}\r\n\r\n{`;
    for (let index = 0; index < 100; index += 1) {
      const socket = connect(Number(port), hostname);
      closing.push(() => socket.destroy());
      socket.write(head);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
    const answer = await send(server.origin, { path: '/orders', headers: json, body: Buffer.alloc(MIB, ' ') });
    expect(answer.body).toEqual({ error: 'malformed_assertion' });
  });
});
