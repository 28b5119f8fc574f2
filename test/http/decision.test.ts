import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AppAttestHttpError, type Decision, httpHandlers } from '../../src/http/index.js';
import { AppAttestError } from '../../src/index.js';
import { memoryStores } from '../../src/server/index.js';
import { backendWithDevice, createBackend, createDevice, registration } from '../support/backend.js';

const CHANNEL = 'app-attest:decision';

const post = (path: string, body: unknown): Request => {
  const headers = { 'content-type': 'application/json' };
  return new Request(`http://localhost${path}`, { method: 'POST', body: JSON.stringify(body), headers });
};

function hearing() {
  const decisions: Decision[] = [];
  const onDecision = (decision: Decision) => decisions.push(decision);
  const heard = async (): Promise<Decision> => {
    await expect.poll(() => decisions.length).toBe(1);
    const [decision] = decisions;
    if (!decision) throw new Error('nothing was heard');
    return decision;
  };
  return { decisions, onDecision, heard };
}

const subscribers: ((message: unknown) => void)[] = [];
function subscribeTo(subscriber: (message: unknown) => void): void {
  subscribers.push(subscriber);
  subscribe(CHANNEL, subscriber);
}

afterEach(() => {
  for (const subscriber of subscribers.splice(0)) unsubscribe(CHANNEL, subscriber);
  vi.restoreAllMocks();
});

const waitForTimers = () => new Promise((resolve) => setTimeout(resolve, 60));

describe('onDecision', () => {
  it('receives for an accepted request: the key, the status and the framework’s request, and no code', async () => {
    const { backend, key, request } = await backendWithDevice();
    const { onDecision, heard } = hearing();
    const sent = post('/pay?now', await request());
    expect((await httpHandlers(backend, { onDecision }).assertion(sent)).status).toBe(200);
    const decision = await heard();
    expect(decision).toEqual({
      outcome: 'accepted',
      route: 'protected',
      status: 200,
      keyId: key.keyId,
      key: expect.objectContaining({ keyId: key.keyId, counter: 1 }),
      environment: 'production',
      device: key.device,
      duration: expect.any(Number),
      method: 'POST',
      target: '/pay?now',
      request: sent,
    });
    expect(decision.request).toBe(sent);
    expect(decision.duration).toBeGreaterThan(0);
  });

  it('receives accepted challenges and registrations', async () => {
    const backend = createBackend();
    const issued = hearing();
    const { challenge } = httpHandlers(backend, { onDecision: issued.onDecision });
    await challenge(post('/', { purpose: 'assertion' }));
    const decision = await issued.heard();
    expect(decision).toMatchObject({ outcome: 'accepted', route: 'challenge', status: 200 });
    expect(decision).not.toHaveProperty('keyId');
    const registered = hearing();
    const body = await registration(backend, await createDevice());
    await httpHandlers(backend, { onDecision: registered.onDecision }).registration(post('/', body));
    expect(await registered.heard()).toMatchObject({
      outcome: 'accepted',
      route: 'registration',
      status: 201,
      keyId: body.keyId,
      key: { keyId: body.keyId, counter: 0 },
      environment: 'production',
    });
  });

  it('receives for a refused request: code, status, key identifier, duration and the full reason', async () => {
    const { backend, key, request } = await backendWithDevice();
    const { onDecision, heard } = hearing();
    const body = await request();
    await backend.authenticate(body);
    const sent = post('/pay?now', body);
    const { assertion } = httpHandlers(backend, { onDecision });
    expect(await (await assertion(sent)).json()).toEqual({ error: 'challenge_used' });
    const decision = await heard();
    expect(decision).toEqual({
      outcome: 'refused',
      route: 'protected',
      code: 'challenge_used',
      status: 401,
      keyId: key.keyId,
      duration: expect.any(Number),
      error: expect.any(AppAttestError),
      method: 'POST',
      target: '/pay?now',
      request: sent,
    });
    expect(decision.duration).toBeGreaterThan(0);
    expect(decision.error?.message).toBe('the challenge was already used');
  });

  it('receives the key of a refused request only if it is to be looked up', async () => {
    for (const lookUpKeys of [false, true]) {
      const stores = memoryStores();
      const { backend, key, request } = await backendWithDevice(stores);
      const { onDecision, heard } = hearing();
      const body = await request();
      await backend.authenticate(body);
      const find = vi.spyOn(stores.keys, 'find');
      await httpHandlers(backend, { onDecision, lookUpKeys }).assertion(post('/', body));
      const decision = await heard();
      expect(find).toHaveBeenCalledTimes(lookUpKeys ? 1 : 0);
      expect(decision.key?.keyId).toBe(lookUpKeys ? key.keyId : undefined);
      expect(decision.device).toEqual(lookUpKeys ? key.device : undefined);
    }
  });

  it('is called within the time limit although the key that it needs does not arrive', async () => {
    const stores = memoryStores();
    const { backend, request } = await backendWithDevice(stores);
    const body = await request();
    await backend.authenticate(body);
    stores.keys.find = () => new Promise(() => undefined);
    const { onDecision, heard } = hearing();
    await httpHandlers(backend, { onDecision, lookUpKeys: true, decisionTimeout: 0.05 }).assertion(post('/', body));
    expect(await heard()).toMatchObject({ outcome: 'refused', code: 'challenge_used' });
  });

  it('receives no key if many look-ups are in progress, so that clients cannot fill the store with queries', async () => {
    const stores = memoryStores();
    const { backend, key } = await backendWithDevice(stores);
    let answer = (): void => undefined;
    const answered = new Promise<undefined>((resolve) => {
      answer = () => resolve(undefined);
    });
    const find = vi.fn(() => answered);
    stores.keys.find = find;
    const { decisions, onDecision } = hearing();
    const { assertion } = httpHandlers(backend, { onDecision, lookUpKeys: true, decisionTimeout: 60 });
    const requests = Array.from({ length: 100 }, () => post('/', { keyId: key.keyId, payload: '{}', token: 'AAAA' }));
    await Promise.all(requests.map(assertion));
    await expect.poll(() => decisions.length).toBe(68);
    expect(find).toHaveBeenCalledTimes(32);
    answer();
    await expect.poll(() => decisions.length).toBe(100);
    await assertion(post('/', { keyId: key.keyId, payload: '{}', token: 'AAAA' }));
    await expect.poll(() => decisions.length).toBe(101);
    expect(find).toHaveBeenCalledTimes(33);
  });

  it.each(['unavailable', 'overloaded'] as const)('receives no key of a request rejected with %s', async (code) => {
    const stores = memoryStores();
    const { backend, key } = await backendWithDevice(stores);
    const find = vi.spyOn(stores.keys, 'find');
    const error = code === 'overloaded' ? new AppAttestError(code, 'busy') : new Error('down');
    const busy = { ...backend, authenticate: () => Promise.reject(error) };
    const { onDecision, heard } = hearing();
    await httpHandlers(busy, { onDecision, lookUpKeys: true }).assertion(post('/', { keyId: key.keyId }));
    expect(await heard()).toMatchObject({ code, keyId: key.keyId });
    expect(find).not.toHaveBeenCalled();
  });

  it('receives for a refused registration what the client claims', async () => {
    const backend = createBackend();
    const { onDecision, heard } = hearing();
    const device = await createDevice({ environment: 'development', os: 'iOS 17.6' });
    const body = await registration(backend, device);
    const response = await httpHandlers(backend, { onDecision }).registration(post('/', body));
    expect({ status: response.status, body: await response.json() }).toEqual({
      status: 401,
      body: { error: 'environment_mismatch' },
    });
    expect(await heard()).toMatchObject({
      outcome: 'refused',
      route: 'registration',
      keyId: body.keyId,
      environment: 'development',
      device: { osVersion: '17.6.1' },
    });
  });

  it('receives the key identifier in the spelling that stores use, and no malformed one', async () => {
    const { backend, keyId, request } = await backendWithDevice();
    const keyIds = [Buffer.from(keyId, 'base64').toString('base64url'), 'forged\nline', 17];
    for (const [index, sent] of keyIds.entries()) {
      const { onDecision, heard } = hearing();
      const body = await request();
      await backend.authenticate(body);
      await httpHandlers(backend, { onDecision }).assertion(post('/', { ...body, keyId: sent }));
      expect((await heard()).keyId).toBe(index === 0 ? keyId : undefined);
    }
  });

  it('receives what a store threw, while the client receives 503 and Retry-After', async () => {
    const stores = memoryStores();
    const { backend, request } = await backendWithDevice(stores);
    const body = await request();
    const failure = new Error('connect ECONNREFUSED 10.0.0.7:6379');
    stores.challenges.take = () => Promise.reject(failure);
    const find = vi.spyOn(stores.keys, 'find');
    const { onDecision, heard } = hearing();
    const options = { onDecision, lookUpKeys: true, capsules: true };
    const response = await httpHandlers(backend, options).assertion(post('/', body));
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await response.json()).toEqual({ error: 'unavailable' });
    const { error } = await heard();
    expect(error).toBeInstanceOf(AppAttestHttpError);
    expect(error?.cause).toBe(failure);
    expect(error?.message).toContain('ECONNREFUSED');
    expect(find, 'a store that just failed is not asked again').not.toHaveBeenCalled();
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('the log is full');
      },
    ],
    ['rejects', () => Promise.reject(new Error('the log is full'))],
    ['never ends', () => new Promise(() => undefined)],
  ])('that %s changes no answer', async (_, onDecision) => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const response = await httpHandlers(createBackend(), { onDecision }).challenge(post('/', {}));
    expect({ status: response.status, body: await response.json() }).toEqual({
      status: 400,
      body: { error: 'malformed_request' },
    });
    if (_ !== 'never ends') await expect.poll(() => warn.mock.calls.length).toBe(1);
  });

  it('is replaced by a process warning only if the server is at fault', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const stores = memoryStores();
    const handlers = httpHandlers(createBackend(stores));
    await handlers.challenge(post('/', {}));
    await handlers.challenge(post('/', { purpose: 'assertion' }));
    await waitForTimers();
    expect(warn).not.toHaveBeenCalled();
    stores.challenges.put = () => Promise.reject(new Error('gone'));
    await handlers.challenge(post('/', { purpose: 'assertion' }));
    await expect.poll(() => warn.mock.calls.length).toBe(1);
    expect(warn.mock.calls.map(([warning]) => String(warning))).toEqual([expect.stringContaining('gone')]);
  });
});

describe(`the channel ${CHANNEL}`, () => {
  it('receives the decisions of all handlers, the same as the hook, without a hook as well', async () => {
    const { backend, request } = await backendWithDevice();
    const published: unknown[] = [];
    subscribeTo((decision) => published.push(decision));
    const { decisions, onDecision } = hearing();
    await httpHandlers(backend, { onDecision }).assertion(post('/', await request()));
    await httpHandlers(backend).challenge(post('/', {}));
    await expect.poll(() => published.length).toBe(2);
    expect(published[0]).toBe(decisions[0]);
    expect(published[1]).toMatchObject({ outcome: 'refused', route: 'challenge', code: 'malformed_request' });
  });

  it('receives nothing while nobody listens, and the answer waits for nobody', async () => {
    const publish = vi.spyOn(channel(CHANNEL), 'publish');
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const { backend, request } = await backendWithDevice();
    const { assertion } = httpHandlers(backend);
    const sent = post('/', await request());
    timers.mockClear();
    expect((await assertion(sent)).status).toBe(200);
    expect(
      timers.mock.calls.filter(([, milliseconds]) => milliseconds === 20),
      'nothing is left for later',
    ).toEqual([]);
    await waitForTimers();
    expect(publish).not.toHaveBeenCalled();
  });

  it('is used after the answer; a subscriber that throws harms neither the answer, nor others, nor the hook', async () => {
    const uncaught: unknown[] = [];
    const listeners = process.rawListeners('uncaughtException');
    process.removeAllListeners('uncaughtException').on('uncaughtException', (error) => uncaught.push(error));
    try {
      const order: string[] = [];
      subscribeTo(() => {
        throw new Error('the subscriber is broken');
      });
      subscribeTo(() => order.push('subscriber'));
      const onDecision = () => order.push('hook');
      const response = await httpHandlers(createBackend(), { onDecision }).challenge(post('/', {}));
      order.push('answer');
      expect(response.status).toBe(400);
      await expect.poll(() => order).toEqual(['answer', 'subscriber', 'hook']);
      await expect.poll(() => uncaught.map(String)).toEqual(['Error: the subscriber is broken']);
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of listeners) process.on('uncaughtException', listener as NodeJS.UncaughtExceptionListener);
    }
  });
});
