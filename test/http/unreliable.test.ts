import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AppAttestError } from '../../src/errors.js';
import { refusal } from '../../src/http/answer.js';
import { failureOf } from '../../src/http/failure.js';
import { type Decision, httpHandlers } from '../../src/http/index.js';
import { memoryStores } from '../../src/server/index.js';
import { backendWithDevice, createBackend } from '../support/backend.js';
import { SERVERS, type TestServer } from '../support/http-servers.js';
import { sendAndLeave } from '../support/raw-http.js';

const servers: TestServer[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const server of servers.splice(0)) await server.close();
});

const post = (body: unknown): Request => {
  const headers = { 'content-type': 'application/json' };
  return new Request('http://localhost/', { method: 'POST', body: JSON.stringify(body), headers });
};

const trap = () => {
  throw new Error('this object throws on every access');
};
const hostileProxy = (target: object): object => {
  return new Proxy(target, {
    get: trap,
    has: trap,
    getPrototypeOf: trap,
    ownKeys: trap,
    getOwnPropertyDescriptor: trap,
  });
};
const unknownCode = new AppAttestError('invalid_signature', 'made up');
Object.defineProperty(unknownCode, 'code', { value: 'no_such_code' });
const throwingCode = Object.create(AppAttestError.prototype, { code: { get: trap } });

/** Values that JavaScript code can throw. Some of these values throw an error when other code inspects them. */
const THROWN: readonly [string, unknown][] = [
  ['a symbol', Symbol('no text')],
  ['an object without a prototype', Object.create(null)],
  ['an object whose toString throws', { toString: trap }],
  ['a proxy that throws', hostileProxy({})],
  ['a proxy of an error that throws', hostileProxy(unknownCode)],
  ['an error with an unknown code', unknownCode],
  ['an error whose code property throws', throwingCode],
  ['null', null],
  ['undefined', undefined],
  ['a number', 0],
];

describe.each(THROWN)('a subject function or a store that fails with %s', (_, thrown) => {
  const failing = {
    throws: () => {
      throw thrown;
    },
    rejects: () => Promise.reject(thrown),
  };

  it.each(Object.entries(failing))('makes every route respond with 503 if it %s', async (_way, fail) => {
    const stores = memoryStores();
    const { backend, request } = await backendWithDevice(stores);
    const body = { ...(await request()), purpose: 'assertion', challenge: 'A'.repeat(43) };
    const byHook = httpHandlers(backend, { subject: fail, onDecision: () => undefined });
    const byStore = httpHandlers(backend, { onDecision: () => undefined });
    const answers = [byHook.challenge, byHook.registration, byHook.assertion];
    for (const route of answers) expect((await route(post(body))).status).toBe(503);
    stores.challenges.put = fail;
    stores.challenges.take = fail;
    for (const route of [byStore.challenge, byStore.assertion, byStore.registration]) {
      const response = await route(post({ ...body, ...(route === byStore.registration && { token: 'AAAA' }) }));
      expect([response.status, await response.json()]).toEqual([503, { error: 'unavailable' }]);
      expect(response.headers.get('retry-after')).toBe('1');
    }
  });

  it('is reported to onDecision, even if onDecision fails in the same way', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const decisions: Decision[] = [];
    const onDecision = (decision: Decision) => {
      decisions.push(decision);
      throw thrown;
    };
    const { challenge } = httpHandlers(createBackend(), { subject: failing.throws, onDecision });
    expect((await challenge(post({ purpose: 'assertion' }))).status).toBe(503);
    await expect.poll(() => warn.mock.calls.length).toBe(1);
    expect(decisions.map(({ code }) => code)).toEqual(['unavailable']);
    expect(decisions[0]?.error?.cause).toBe(thrown);
  });
});

describe('a subject function or a store whose promise never settles', () => {
  const never = () => new Promise<never>(() => undefined);

  it('makes the route respond with 503 after decisionTimeout', async () => {
    const stores = memoryStores();
    const { backend, request } = await backendWithDevice(stores);
    const options = { decisionTimeout: 0.05, onDecision: () => undefined };
    const [body, other] = [await request(), await request()];
    const byHook = httpHandlers(backend, { ...options, subject: never });
    expect((await byHook.challenge(post({ purpose: 'assertion' }))).status).toBe(503);
    expect((await byHook.assertion(post(body))).status).toBe(503);
    const byStore = httpHandlers(backend, options);
    stores.keys.find = never;
    expect((await byStore.assertion(post(body))).status).toBe(503);
    stores.challenges.take = never;
    stores.challenges.put = never;
    expect((await byStore.assertion(post(other))).status).toBe(503);
    expect((await byStore.challenge(post({ purpose: 'assertion' }))).status).toBe(503);
  });

  it('has a time limit of ten seconds by default', async () => {
    const timeouts = vi.spyOn(globalThis, 'setTimeout');
    const { challenge } = httpHandlers(createBackend());
    expect((await challenge(post({ purpose: 'assertion' }))).status).toBe(200);
    expect(timeouts.mock.calls.map(([, milliseconds]) => milliseconds)).toContain(10_000);
  });
});

describe('Retry-After', () => {
  it.each([
    [undefined, '1'],
    [0, '1'],
    [0.2, '1'],
    [2.1, '3'],
    [120, '120'],
  ])('of an error with retryAfter %s is %s', (retryAfter, header) => {
    const thrown = new AppAttestError(
      'receipt_request_failed',
      'later',
      retryAfter === undefined ? {} : { retryAfter },
    );
    const failure = failureOf(thrown);
    expect(refusal('protected', failure.code, failure.retryAfter).headers).toMatchObject({ 'retry-after': header });
  });

  it('is absent if the status is 401 and the error has no retryAfter', () => {
    const failure = failureOf(new AppAttestError('invalid_signature', 'no'));
    expect(refusal('protected', failure.code, failure.retryAfter).headers).not.toHaveProperty('retry-after');
  });
});

/**
 * The source text of a client. The client runs on a separate thread, because `onDecision` blocks this thread. It posts the
 * number of milliseconds until the response arrived.
 */
const CLIENT = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { connect } = require('node:net');
  const { hostname, port } = new URL(workerData);
  const socket = connect(Number(port), hostname, () => {
    const start = performance.now();
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
      if (!answer.includes('assertion_missing')) return;
      parentPort.postMessage(performance.now() - start);
      socket.destroy();
    });
    socket.write('GET /orders/7 HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n');
  });
`;

describe.each(Object.entries(SERVERS))('onDecision of %s', (_, start) => {
  it('does not delay the response, even if it is synchronous and takes 1.5 seconds', async () => {
    let calls = 0;
    const onDecision = () => {
      calls += 1;
      const end = performance.now() + 1500;
      while (performance.now() < end);
    };
    const server = await start(createBackend(), { onDecision });
    servers.push(server);
    const client = new Worker(CLIENT, { eval: true, workerData: server.origin });
    const [milliseconds] = await once(client, 'message');
    await client.terminate();
    await expect.poll(() => calls).toBe(1);
    expect(milliseconds).toBeLessThan(1000);
  });

  it('is called if the client closed the connection before the response', async () => {
    const codes: (string | undefined)[] = [];
    const server = await start(createBackend(), { onDecision: ({ code }) => codes.push(code) });
    servers.push(server);
    const head = 'POST /orders HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{';
    await sendAndLeave(server.origin, head);
    await expect.poll(() => codes).toEqual(['body_incomplete']);
  });
});
