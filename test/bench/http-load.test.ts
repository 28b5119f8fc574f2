import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { httpLoad, quantileOf } from '../../bench/server/http-load.js';
import { queuesOf, rawPost } from '../../bench/server/signed-requests.js';

const bodies: string[] = [];
const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  bodies.push(body);
  const text = body === 'bad' ? 'no' : 'yes';
  response.writeHead(body === 'bad' ? 401 : 201, { 'content-length': text.length }).end(text);
});
let port = 0;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = Number(Object(server.address()).port);
});

afterAll(() => server.close());

const posts = (...texts: string[]) => texts.map((text) => rawPost('/', text));

it('the load generator sends each request once, and counts the responses', async () => {
  bodies.length = 0;
  const texts = Array.from({ length: 20 }, (_, index) => String(index));
  const load = await httpLoad(port, queuesOf(posts(...texts), 0, 3));
  expect(load).toMatchObject({ completed: 20, refused: 0, isExhausted: true });
  expect(load.latencies).toHaveLength(20);
  expect(bodies.toSorted()).toEqual(texts.toSorted());
});

it('the load generator counts rejected requests, and keeps the response to the first of them', async () => {
  const load = await httpLoad(port, [posts('good', 'bad', 'good', 'bad').values()]);
  expect(load).toMatchObject({ completed: 2, refused: 2, refusal: expect.stringContaining('401') });
});

it('the load generator stops after the given time, and waits for all responses', async () => {
  bodies.length = 0;
  const [request] = posts('good');
  function* endless() {
    while (request) yield request;
  }
  const load = await httpLoad(port, [endless(), endless()], 0.1);
  expect(load.isExhausted).toBe(false);
  expect(load.seconds).toBeGreaterThanOrEqual(0.1);
  expect(load.completed).toBe(bodies.length);
});

it('the load generator fails if the service closes a connection', async () => {
  const closing = createServer((request) => request.socket.destroy()).listen(0, '127.0.0.1');
  await once(closing, 'listening');
  const load = httpLoad(Number(Object(closing.address()).port), [posts('good').values()]);
  await expect(load).rejects.toThrow('closed a connection');
  closing.close();
});

it('queuesOf gives all requests of a device to one connection, in their order', () => {
  const requests = posts(...Array.from({ length: 12 }, (_, index) => String(index)));
  const queues = queuesOf(requests, 5, 4).map((queue) => [...{ [Symbol.iterator]: () => queue }]);
  expect(queues[1]).toEqual([requests[0], requests[4], requests[8]]);
});

it('quantileOf computes quantiles', () => {
  const sorted = Float64Array.from({ length: 100 }, (_, index) => index);
  expect([0, 0.5, 0.99, 1].map((share) => quantileOf(sorted, share))).toEqual([0, 50, 99, 99]);
});
