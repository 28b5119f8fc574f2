import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import express from 'express';
import { expect, it, vi } from 'vitest';
import { expressHandlers } from '../../src/http/express.js';
import { httpHandlers } from '../../src/http/index.js';
import { memoryStores } from '../../src/server/index.js';
import { backendWithDevice } from '../support/backend.js';
import { memoryInUse } from '../support/cost.js';
import { serveNode } from '../support/http-servers.js';
import { contentDigest, signedHeaders } from '../support/signed-headers.js';

const MEGABYTE = 1 << 20;
const CHUNK = 16_384;
const WAITING = 400;

/** A body of a megabyte that counts the bytes that were read. */
function countedBody() {
  let read = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        if (read >= MEGABYTE) return controller.close();
        read += CHUNK;
        controller.enqueue(new Uint8Array(CHUNK));
      },
    },
    { highWaterMark: 0 },
  );
  return { body, read: () => read };
}

async function signed(changes: Record<string, string> = {}) {
  const { backend, device, keyId } = await backendWithDevice();
  const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
  const unsigned = { method: 'POST', target: '/orders', challenge, body: new Uint8Array(MEGABYTE) };
  const headers = { ...(await signedHeaders(device, keyId, unsigned)), ...changes };
  const { protect } = httpHandlers(backend, { bodyLimit: MEGABYTE });
  const handler = vi.fn(async (request: Request) => new Response(String((await request.arrayBuffer()).byteLength)));
  const send = (body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>) =>
    protect(handler)(
      new Request('http://localhost/orders', { method: 'POST', headers, body, duplex: 'half' } as never),
    );
  return { send, handler };
}

it.each([
  ['another digest than the signed one', { 'content-digest': contentDigest('other') }],
  ['a challenge that was not issued', { 'x-app-attest-challenge': 'A'.repeat(43) }],
  ['another key', { 'x-app-attest-key-id': Buffer.alloc(32).toString('base64') }],
])('no byte of a body is read from a request with %s', async (_, changes) => {
  const { send, handler } = await signed(changes);
  const { body, read } = countedBody();
  expect((await send(body)).status).toBe(401);
  expect(read()).toBe(0);
  expect(handler).not.toHaveBeenCalled();
});

it('a body whose last byte was changed after signing is rejected, and a genuine body is accepted', async () => {
  const genuine = await signed();
  expect(await (await genuine.send(countedBody().body)).text()).toBe(String(MEGABYTE));
  const forged = await signed();
  const bytes = new Uint8Array(MEGABYTE);
  bytes[MEGABYTE - 1] = 1;
  expect((await forged.send(bytes)).status).toBe(401);
  expect(forged.handler).not.toHaveBeenCalled();
});

/** The memory that one request on an open connection needs while the store does not respond, in bytes. */
async function memoryOfWaiting(
  headers: Record<string, string>,
  route: 'protected' | 'plain' = 'protected',
): Promise<number> {
  const stores = memoryStores();
  const { backend } = await backendWithDevice(stores);
  let release = (): void => undefined;
  const released = new Promise<undefined>((resolve) => {
    release = () => resolve(undefined);
  });
  let waiting = 0;
  const wait = () => {
    waiting += 1;
    return released;
  };
  stores.challenges.take = wait;
  const app = express();
  app.post('/orders', route === 'plain' ? wait : expressHandlers(backend, { bodyLimit: MEGABYTE }).protect);
  const server = await serveNode(app);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `POST /orders HTTP/1.1\r\nhost: localhost\r\n${lines.join('')}\r\n`;
  const sockets: Socket[] = [];
  const connected = async (): Promise<Socket> => {
    const socket = connect(Number(new URL(server.origin).port), '127.0.0.1');
    sockets.push(socket);
    await once(socket, 'connect');
    return socket;
  };
  const sendAll = async (idle: readonly Socket[]) => {
    const reached = waiting + idle.length;
    for (const socket of idle) socket.write(head);
    await vi.waitUntil(() => waiting >= reached, { timeout: 10_000, interval: 5 });
  };
  try {
    const [first, idle] = [[await connected()], await Promise.all(Array.from({ length: WAITING }, connected))];
    await sendAll(first);
    const before = memoryInUse();
    await sendAll(idle);
    return (memoryInUse() - before) / WAITING;
  } finally {
    release();
    for (const socket of sockets) socket.destroy();
    await server.close();
  }
}

it('a waiting request needs less than 16 KiB, less than 10 KiB of it for the library, whatever length its body announces', async () => {
  const keyId = Buffer.alloc(32).toString('base64');
  const headers = {
    'x-app-attest-key-id': keyId,
    'x-app-attest-assertion': 'A'.repeat(268),
    'x-app-attest-challenge': 'A'.repeat(43),
  };
  const digest = contentDigest(new Uint8Array(MEGABYTE));
  const announcing = { ...headers, 'content-length': String(MEGABYTE), 'content-digest': digest };
  // The first requests compile code, and garbage of earlier tests is freed.
  await memoryOfWaiting(headers);
  const without = await memoryOfWaiting(headers);
  const announced = await memoryOfWaiting(announcing);
  const unprotected = await memoryOfWaiting(announcing, 'plain');
  expect(announced).toBeLessThan(16_384);
  expect(announced - unprotected).toBeLessThan(10_240);
  expect(announced - without).toBeLessThan(2048);
});
