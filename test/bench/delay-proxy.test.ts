import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DelayProxy } from '../../bench/server/delay-proxy.js';

const echo = createServer((socket) => socket.pipe(socket));
let proxy: DelayProxy;

beforeAll(async () => {
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  proxy = await DelayProxy.to(Number(Object(echo.address()).port), 0);
});

afterAll(async () => {
  await proxy.stop();
  echo.close();
});

/** Sends the texts one after another. Returns what came back, and how long each round trip took. */
async function roundTrips(...texts: string[]) {
  const socket = connect({ port: proxy.port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  let received = '';
  const took: number[] = [];
  for (const text of texts) {
    const start = performance.now();
    socket.write(text);
    received += String((await once(socket, 'data'))[0]);
    took.push(performance.now() - start);
  }
  socket.destroy();
  return { received, took };
}

it('the proxy adds its delay to each round trip, and reports the delay that it measured', async () => {
  proxy.delay = 20;
  const { received, took } = await roundTrips('a', 'b', 'c');
  expect(received).toBe('abc');
  expect(Math.min(...took)).toBeGreaterThanOrEqual(20);
  expect(proxy.meanDelay).toBeGreaterThanOrEqual(20);
  expect(proxy.meanDelay).toBeLessThanOrEqual(Math.max(...took));
});

it('the proxy delays pipelined data only once, and keeps the order of the data', async () => {
  proxy.delay = 100;
  const socket = connect({ port: proxy.port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const start = performance.now();
  const texts = Array.from({ length: 20 }, (_, index) => `${index},`);
  for (const text of texts) {
    socket.write(text);
    await new Promise((resolve) => setImmediate(resolve));
  }
  let received = '';
  while (received.length < texts.join('').length) received += String((await once(socket, 'data'))[0]);
  expect(received).toBe(texts.join(''));
  const took = performance.now() - start;
  expect(took).toBeGreaterThanOrEqual(100);
  expect(took, 'the delays must not add up').toBeLessThan(20 * 100);
  socket.destroy();
});

it('the proxy also delays data that arrives while earlier data waits', async () => {
  proxy.delay = 40;
  const socket = connect({ port: proxy.port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  let received = '';
  socket.on('data', (data) => {
    received += String(data);
  });
  socket.write('a');
  await setTimeout(20);
  const start = performance.now();
  socket.write('b');
  while (received !== 'ab') await once(socket, 'data');
  expect(performance.now() - start).toBeGreaterThanOrEqual(39);
  socket.destroy();
});

it('the proxy closes the connection to a client if it cannot connect to the server', async () => {
  proxy.delay = 0;
  const socket = connect(proxy.port, '127.0.0.1');
  await once(socket, 'connect');
  const closed = once(socket, 'close');
  const refused = await DelayProxy.to(1, 0);
  const orphan = connect(refused.port, '127.0.0.1');
  await once(orphan, 'close');
  await refused.stop();
  socket.destroy();
  await closed;
});
