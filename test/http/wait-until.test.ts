import { setTimeout } from 'node:timers/promises';
import { Hono } from 'hono';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { honoHandlers } from '../../src/http/hono.js';
import { type Decision, httpHandlers } from '../../src/http/index.js';
import { memoryStores } from '../../src/server/index.js';
import { backendWithDevice, createBackend } from '../support/backend.js';

const json = { 'content-type': 'application/json' };
const challengeRequest = () => {
  return new Request('http://localhost/challenge', { method: 'POST', headers: json, body: '{"purpose":"assertion"}' });
};

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the function waitUntil', () => {
  it('receives a promise that resolves after the promise of onDecision', async () => {
    const order: string[] = [];
    const works: Promise<void>[] = [];
    const { challenge } = httpHandlers(createBackend(), {
      onDecision: async () => {
        await setTimeout(20);
        order.push('onDecision');
      },
      waitUntil: (work) => works.push(work),
    });
    expect((await challenge(challengeRequest())).status).toBe(200);
    expect(works).toHaveLength(1);
    await works[0];
    expect(order).toEqual(['onDecision']);
  });

  it('receives a promise that resolves after the key was read for onDecision', async () => {
    const stores = memoryStores();
    const { backend, request } = await backendWithDevice(stores);
    const body = await request();
    await backend.authenticate(body);
    const find = stores.keys.find.bind(stores.keys);
    stores.keys.find = async (keyId) => {
      await setTimeout(30);
      return find(keyId);
    };
    const decisions: Decision[] = [];
    const works: Promise<void>[] = [];
    const { assertion } = httpHandlers(backend, {
      lookUpKeys: true,
      onDecision: (decision) => decisions.push(decision),
      waitUntil: (work) => works.push(work),
    });
    await assertion(new Request('http://localhost/', { method: 'POST', headers: json, body: JSON.stringify(body) }));
    await Promise.all(works);
    expect(decisions).toMatchObject([{ code: 'challenge_used', key: { keyId: expect.any(String) } }]);
  });

  it('receives nothing if nobody waits for the decision', async () => {
    const waitUntil = vi.fn();
    const { challenge } = httpHandlers(createBackend(), { waitUntil });
    expect((await challenge(challengeRequest())).status).toBe(200);
    expect(waitUntil).not.toHaveBeenCalled();
  });

  it('receives a promise that resolves after the warning about a failed store', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const stores = memoryStores();
    stores.challenges.put = async () => Promise.reject(new Error('the database is gone'));
    const works: Promise<void>[] = [];
    const { challenge } = httpHandlers(createBackend(stores), { waitUntil: (work) => works.push(work) });
    expect((await challenge(challengeRequest())).status).toBe(503);
    await Promise.all(works);
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it('must be a function', () => {
    expect(() => httpHandlers(createBackend(), Object({ waitUntil: 'yes' }))).toThrow('waitUntil must be a function');
  });

  it.each([
    [
      'throws an error',
      () => {
        throw new Error('outside of a request');
      },
    ],
    ['returns a promise that rejects', async () => Promise.reject(new Error('outside of a request'))],
  ])('cannot change the response or end the process if it %s', async (_what, waitUntil) => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const { challenge } = httpHandlers(createBackend(), { onDecision: () => undefined, waitUntil });
    expect((await challenge(challengeRequest())).status).toBe(200);
    await vi.waitFor(() => {
      expect(warn).toHaveBeenCalledWith(expect.objectContaining({ message: 'waitUntil threw an error' }));
    });
  });

  it('is waitUntil of the execution context in a Worker with Hono', async () => {
    const decisions: Decision[] = [];
    const works: Promise<unknown>[] = [];
    const app = new Hono();
    const { challenge } = honoHandlers(createBackend(), { onDecision: (decision) => decisions.push(decision) });
    app.post('/challenge', challenge);
    const executionContext = {
      waitUntil: (work: Promise<unknown>) => void works.push(work),
      passThroughOnException: () => undefined,
      props: {},
    };
    expect((await app.fetch(challengeRequest(), {}, executionContext)).status).toBe(200);
    expect(works).toHaveLength(1);
    await works[0];
    expect(decisions).toMatchObject([{ route: 'challenge', outcome: 'accepted' }]);
  });
});
