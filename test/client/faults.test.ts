import express from 'express';
import { afterEach, expect, it, vi } from 'vitest';
import { orderOnce } from '../../examples/order-once.js';
import { AppAttestClientError } from '../../src/client/index.js';
import { expressHandlers } from '../../src/http/express.js';
import { installApp } from '../support/app-client.js';
import { createBackend } from '../support/backend.js';
import { type Fault, startFaultProxy } from '../support/fault-proxy.js';
import { serveNode, type TestServer } from '../support/http-servers.js';
import { hurryPauses } from '../support/hurried-pauses.js';

const servers: TestServer[] = [];
afterEach(async () => {
  vi.unstubAllGlobals();
  for (const server of servers.splice(0)) await server.close();
});

/**
 * Starts a shop behind a proxy. `POST /orders` places an order for each request. `PUT /orders/:id` places at most one order for an
 * identifier.
 */
async function start(faultOf: (path: string) => Fault) {
  const placed: string[] = [];
  const { challenge, registration, protect } = expressHandlers(createBackend());
  const app = express();
  app.post('/challenge', challenge);
  app.post('/registration', registration);
  app.post('/orders', protect, (request, response) => {
    placed.push(request.body.id);
    response.status(201).json({});
  });
  app.put('/orders/:id', protect, (request, response) => {
    const { id } = request.params;
    if (!placed.includes(id)) placed.push(id);
    response.status(200).json({});
  });
  const server = await serveNode(app);
  const proxy = await startFaultProxy(server.origin, ({ url = '' }) => faultOf(url));
  servers.push(proxy, server);
  // The timeout of nine seconds ends after nine tenths of a second. A device on a busy machine needs less.
  hurryPauses(10);
  const installed = await installApp(proxy.origin, { timeout: 9 });
  return { placed, ...installed, lateRequests: () => servers.shift()?.close() };
}

const order = (id: string) => ['/orders', { method: 'POST', body: { id } }] as const;

it.each<[fault: Fault, path: string, outcome: string]>([
  ['drop the request', '/challenge', '201'],
  ['drop the answer', '/challenge', '201'],
  ['cut off the answer', '/challenge', '201'],
  ['late request', '/challenge', '201'],
  ['late answer', '/challenge', '201'],
  ['repeat', '/challenge', '201'],
  ['drop the request', '/registration', '201'],
  ['drop the answer', '/registration', '201'],
  ['cut off the answer', '/registration', '201'],
  ['late request', '/registration', '201'],
  ['late answer', '/registration', '201'],
  ['repeat', '/registration', '201'],
  ['drop the request', '/orders', '201'],
  ['late request', '/orders', '201'],
  ['delay', '/orders', '201'],
  // The app receives the status, so it knows that the order was placed.
  ['cut off the answer', '/orders', '201'],
  ['drop the answer', '/orders', 'answer_lost challenge_used'],
  ['late answer', '/orders', 'answer_lost challenge_used'],
  ['repeat', '/orders', 'answer_lost challenge_used'],
])('after one fault of a proxy, one order is placed with one key: fault "%s" for %s', async (fault, path, expected) => {
  let isDone = false;
  const { attested, placed, made, lateRequests } = await start((url) => {
    if (isDone || url !== path) return 'none';
    isDone = true;
    return fault;
  });
  const outcome = await attested.fetch(...order('a')).then(
    ({ status }) => String(status),
    ({ code, serverCode }) => `${code} ${serverCode}`,
  );
  await lateRequests();
  expect(outcome).toBe(expected);
  expect(placed).toEqual(['a']);
  expect(made).toHaveLength(1);
});

it.each<[fault: Fault, path: string, outcome: string]>([
  ['drop the request', '/challenge', 'network undefined'],
  ['drop the answer', '/registration', 'network undefined'],
  ['drop the request', '/orders', 'answer_lost undefined'],
])('if every attempt fails, no order is placed: fault "%s" for %s', async (fault, path, expected) => {
  const { attested, placed, made } = await start((url) => (url === path ? fault : 'none'));
  const { code, serverCode } = await attested.fetch(...order('a')).catch((error) => error);
  expect(`${code} ${serverCode}`).toBe(expected);
  expect(placed).toEqual([]);
  expect(made.length).toBeLessThanOrEqual(1);
});

it('after random faults, the app never has a wrong result of an order, no order was placed twice, and one key was created', async () => {
  const faults: readonly Fault[] = ['none', 'none', 'drop the request', 'drop the answer', 'delay', 'repeat'];
  let seed = 7;
  let isFaulty = true;
  const { attested, placed, made } = await start(() => {
    seed = (seed * 48_271) % 2_147_483_647;
    return (isFaulty && faults[seed % faults.length]) || 'none';
  });
  const count = (id: string) => placed.filter((other) => other === id).length;
  const ids = Array.from({ length: 60 }, (_item, index) => `order-${index}`);
  const seen = { placed: 0, lost: 0, not: 0 };
  /** The app does not know whether these orders were placed. */
  const unknown: string[] = [];
  for (let index = 0; index < ids.length; index += 3) {
    await Promise.all(
      ids.slice(index, index + 3).map(async (id) => {
        const outcome = await attested.fetch(...order(id)).catch((error: unknown) => error);
        if (outcome instanceof Response) {
          seen.placed += 1;
          expect([outcome.status, count(id)], id).toEqual([201, 1]);
        } else if (!(outcome instanceof AppAttestClientError)) {
          throw outcome;
        } else if (outcome.code === 'answer_lost') {
          seen.lost += 1;
          unknown.push(id);
          // The code challenge_used means that the order was placed, because this server rejects no first attempt.
          if (outcome.serverCode === 'challenge_used') expect(count(id), id).toBe(1);
          else expect(count(id), id).toBeLessThanOrEqual(1);
        } else {
          seen.not += 1;
          expect(count(id), id).toBe(0);
        }
      }),
    );
  }
  expect(seen.placed).toBeGreaterThan(10);
  expect(seen.lost).toBeGreaterThan(2);
  // The server places one order for an identifier, so the app can send these orders again.
  isFaulty = false;
  for (const id of unknown) {
    expect((await orderOnce(attested, id, 'coffee')).status).toBe(200);
    expect(count(id)).toBe(1);
  }
  expect(made).toHaveLength(1);
});

it('the example order-once.ts places one order if the first response is lost', async () => {
  let answers = 0;
  const { attested, placed } = await start((url) => {
    if (!url.startsWith('/orders')) return 'none';
    answers += 1;
    return answers === 1 ? 'drop the answer' : 'none';
  });
  expect((await orderOnce(attested, 'a', 'coffee')).status).toBe(200);
  expect(placed).toEqual(['a']);
  expect(answers).toBe(3);
});
