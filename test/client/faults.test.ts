import express from 'express';
import { afterEach, expect, it, vi } from 'vitest';
import { AppAttestClientError } from '../../src/client/index.js';
import { expressHandlers } from '../../src/http/express.js';
import { installApp } from '../support/app-client.js';
import { createBackend } from '../support/backend.js';
import { type Fault, startFaultProxy } from '../support/fault-proxy.js';
import { serveNode, type TestServer } from '../support/http-servers.js';

const servers: TestServer[] = [];
afterEach(async () => {
  vi.unstubAllGlobals();
  for (const server of servers.splice(0)) await server.close();
});

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
  const server = await serveNode(app);
  const proxy = await startFaultProxy(server.origin, ({ url = '' }) => faultOf(url));
  servers.push(proxy, server);
  const { setTimeout } = globalThis;
  const hurried = (run: () => void, milliseconds: number, ...rest: []) => setTimeout(run, milliseconds / 50, ...rest);
  vi.stubGlobal('setTimeout', hurried);
  return { placed, ...(await installApp(proxy.origin)) };
}

const order = (id: string) => ['/orders', { method: 'POST', body: { id } }] as const;

it.each<[Fault, string, string]>([
  ['drop the request', '/challenge', '201'],
  ['drop the answer', '/challenge', '201'],
  ['drop the request', '/registration', '201'],
  ['drop the answer', '/registration', '201'],
  ['repeat', '/registration', '201'],
  ['drop the request', '/orders', '201'],
  ['drop the answer', '/orders', 'answer_lost challenge_used'],
  ['repeat', '/orders', 'answer_lost challenge_used'],
  ['delay', '/orders', '201'],
])('a proxy that does this once: %s of %s: places the order once, with one key', async (fault, path, result) => {
  let isDone = false;
  const { attested, placed, made } = await start((url) => {
    if (isDone || url !== path) return 'none';
    isDone = true;
    return fault;
  });
  const outcome = await attested.fetch(...order('a')).then(
    ({ status }) => String(status),
    ({ code, serverCode }) => `${code} ${serverCode}`,
  );
  expect(outcome).toBe(result);
  expect(placed).toEqual(['a']);
  expect(made).toHaveLength(1);
});

it('after any faults, each order was placed once or the app knows that it was not, and one key was made', async () => {
  const faults: readonly Fault[] = ['none', 'none', 'drop the request', 'drop the answer', 'delay', 'repeat'];
  let seed = 7;
  const { attested, placed, made } = await start(() => {
    seed = (seed * 48_271) % 2_147_483_647;
    return faults[seed % faults.length] ?? 'none';
  });
  const ids = Array.from({ length: 60 }, (_item, index) => `order ${index}`);
  const seen = { placed: 0, lost: 0, not: 0 };
  for (let index = 0; index < ids.length; index += 3) {
    await Promise.all(
      ids.slice(index, index + 3).map(async (id) => {
        const outcome = await attested.fetch(...order(id)).catch((error: unknown) => error);
        const count = placed.filter((other) => other === id).length;
        if (outcome instanceof Response) {
          seen.placed += 1;
          expect([outcome.status, count], id).toEqual([201, 1]);
        } else if (!(outcome instanceof AppAttestClientError)) {
          throw outcome;
        } else if (outcome.code === 'answer_lost') {
          seen.lost += 1;
          // With the code of the server, the order was placed. Without it, every response was lost.
          if (outcome.serverCode === 'challenge_used') expect(count, id).toBe(1);
          else expect(count, id).toBeLessThanOrEqual(1);
        } else {
          seen.not += 1;
          expect(count, id).toBe(0);
        }
      }),
    );
  }
  expect(seen.placed).toBeGreaterThan(10);
  expect(seen.lost).toBeGreaterThan(2);
  expect(made).toHaveLength(1);
});
