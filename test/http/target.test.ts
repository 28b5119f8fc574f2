import { once } from 'node:events';
import { connect } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { afterEach, describe, expect, it } from 'vitest';
import { honoHandlers } from '../../src/http/hono.js';
import { fromRequest } from '../../src/http/incoming-request.js';
import { createBackend, createDevice } from '../support/backend.js';
import { Client } from '../support/http-client.js';
import { SERVERS, serveNode, type TestServer } from '../support/http-servers.js';

const closing: TestServer[] = [];
afterEach(async () => {
  for (const server of closing.splice(0)) await server.close();
});

/** Sends a request with exactly this request line. An HTTP client would remove the part after a `#`. */
async function sendLine(origin: string, line: string, headers: Record<string, string>): Promise<string> {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  const lines = Object.entries({ host: 'localhost', ...headers, connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  socket.end([`${line} HTTP/1.1`, ...lines, '', ''].join('\r\n'));
  let answer = '';
  socket.on('data', (data) => {
    answer += data;
  });
  await once(socket, 'close');
  return answer;
}

async function clientOf(server: TestServer): Promise<Client> {
  closing.push(server);
  const client = new Client(server.origin, await createDevice());
  await client.register();
  return client;
}

/** Requests that an attacker may send with the signature of `GET /orders/7`. */
const MOVED: readonly [string, Record<string, string>][] = [
  ['GET /orders/7#/erase', {}],
  ['GET /orders/7#?all=1', {}],
  ['GET /orders/7#', {}],
  ['GET #/orders/7', {}],
  ['GET http://localhost/orders/7#/erase', {}],
  ['GET /erase', { host: 'localhost/orders/7?' }],
  ['GET /erase', { host: 'localhost/orders/7#' }],
];

describe.each(Object.entries(SERVERS))('the target of a request to %s', (_, start) => {
  it.each(MOVED)(
    'is compared in full, so the signature of GET /orders/7 is not valid for %s',
    async (line, headers) => {
      const client = await clientOf(await start(createBackend(), { onDecision: () => undefined }));
      const signed = await client.sign('GET', '/orders/7');
      expect(await sendLine(client.origin, 'GET /orders/7', signed)).toMatch(/^HTTP\/1\.1 200 /);
      const answer = await sendLine(client.origin, line, { ...(await client.sign('GET', '/orders/7')), ...headers });
      expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    },
  );
});

it('a route of Hono is never reached with a signature for another path', async () => {
  const reached: string[] = [];
  const { challenge, registration, protect } = honoHandlers(createBackend(), { onDecision: () => undefined });
  const app = new Hono();
  app.post('/challenge', challenge);
  app.post('/registration', registration);
  app.get('/orders/:id/erase', protect, (c) => c.text(String(reached.push('erase'))));
  app.get('/orders/:id', protect, (c) => c.text(String(reached.push('order'))));
  const client = await clientOf(await serveNode(getRequestListener(app.fetch)));
  for (const [line, headers] of MOVED) {
    await sendLine(client.origin, line, { ...(await client.sign('GET', '/orders/7')), ...headers });
  }
  expect(reached).toEqual([]);
});

it.each([
  ['http://localhost/orders/7?a=1#/erase', '/orders/7?a=1#/erase'],
  ['http://localhost:8080', '/'],
  ['http://localhost#/erase', '/#/erase'],
])('the target of a Request for %s is %s', (url, target) => {
  expect(fromRequest(new Request(url)).target).toBe(target);
});

it('the target of a Request whose URL has a query but no path begins with a question mark, so no app signs it', () => {
  // A server may build such a URL from a Host header that contains a question mark. Hono would route by the path /orders/7.
  const request = Object.defineProperty(new Request('http://localhost'), 'url', {
    value: 'http://localhost?/orders/7',
  });
  expect(fromRequest(request).target).toBe('?/orders/7');
});
