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

function collectDecisions() {
  const decisions: Decision[] = [];
  const onDecision = (decision: Decision) => decisions.push(decision);
  const onlyDecision = async (): Promise<Decision> => {
    await expect.poll(() => decisions.length).toBe(1);
    const [decision] = decisions;
    if (!decision) throw new Error('no decision was received');
    return decision;
  };
  return { decisions, onDecision, onlyDecision };
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
  it('receives the key, the status and the request of the framework, but no code, for an accepted request', async () => {
    const { backend, key, request } = await backendWithDevice();
    const { onDecision, onlyDecision } = collectDecisions();
    const sent = post('/pay?now', await request());
    expect((await httpHandlers(backend, { onDecision }).assertion(sent)).status).toBe(200);
    const decision = await onlyDecision();
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

  it('receives the decisions about an accepted challenge request and an accepted registration', async () => {
    const backend = createBackend();
    const issued = collectDecisions();
    const { challenge } = httpHandlers(backend, { onDecision: issued.onDecision });
    await challenge(post('/', { purpose: 'assertion' }));
    const decision = await issued.onlyDecision();
    expect(decision).toMatchObject({ outcome: 'accepted', route: 'challenge', status: 200 });
    expect(decision).not.toHaveProperty('keyId');
    const registered = collectDecisions();
    const body = await registration(backend, await createDevice());
    await httpHandlers(backend, { onDecision: registered.onDecision }).registration(post('/', body));
    expect(await registered.onlyDecision()).toMatchObject({
      outcome: 'accepted',
      route: 'registration',
      status: 201,
      keyId: body.keyId,
      key: { keyId: body.keyId, counter: 0 },
      environment: 'production',
    });
  });

  it('receives the code, the status, the key identifier, the duration and the full reason for a rejected request', async () => {
    const { backend, key, request } = await backendWithDevice();
    const { onDecision, onlyDecision } = collectDecisions();
    const body = await request();
    await backend.authenticate(body);
    const sent = post('/pay?now', body);
    const { assertion } = httpHandlers(backend, { onDecision });
    expect(await (await assertion(sent)).json()).toEqual({ error: 'challenge_used' });
    const decision = await onlyDecision();
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

  it('receives the key of a rejected request only with the option lookUpKeys', async () => {
    for (const lookUpKeys of [false, true]) {
      const stores = memoryStores();
      const { backend, key, request } = await backendWithDevice(stores);
      const { onDecision, onlyDecision } = collectDecisions();
      const body = await request();
      await backend.authenticate(body);
      const find = vi.spyOn(stores.keys, 'find');
      await httpHandlers(backend, { onDecision, lookUpKeys }).assertion(post('/', body));
      const decision = await onlyDecision();
      // Verification calls find once, at the same time as it takes the challenge from the store.
      expect(find).toHaveBeenCalledTimes(lookUpKeys ? 2 : 1);
      expect(decision.key?.keyId).toBe(lookUpKeys ? key.keyId : undefined);
      expect(decision.device).toEqual(lookUpKeys ? key.device : undefined);
    }
  });

  it('is called after decisionTimeout if the look-up of the key never ends', async () => {
    const stores = memoryStores();
    const { backend, request } = await backendWithDevice(stores);
    const body = await request();
    await backend.authenticate(body);
    stores.keys.find = () => new Promise(() => undefined);
    const { onDecision, onlyDecision } = collectDecisions();
    await httpHandlers(backend, { onDecision, lookUpKeys: true, decisionTimeout: 0.05 }).assertion(post('/', body));
    expect(await onlyDecision()).toMatchObject({ outcome: 'refused', code: 'challenge_used' });
  });

  it('receives no key while 32 look-ups are in progress, so that clients cannot overload the store with queries', async () => {
    const stores = memoryStores();
    const { backend, key } = await backendWithDevice(stores);
    let answer = (): void => undefined;
    const answered = new Promise<undefined>((resolve) => {
      answer = () => resolve(undefined);
    });
    const find = vi.fn(() => answered);
    stores.keys.find = find;
    const { decisions, onDecision } = collectDecisions();
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

  it.each(['unavailable', 'overloaded'] as const)(
    'receives no key for a request that is rejected with %s, even with the option lookUpKeys',
    async (code) => {
      const stores = memoryStores();
      const { backend, key } = await backendWithDevice(stores);
      const find = vi.spyOn(stores.keys, 'find');
      const error = code === 'overloaded' ? new AppAttestError(code, 'busy') : new Error('down');
      const busy = { ...backend, authenticate: () => Promise.reject(error) };
      const { onDecision, onlyDecision } = collectDecisions();
      await httpHandlers(busy, { onDecision, lookUpKeys: true }).assertion(post('/', { keyId: key.keyId }));
      expect(await onlyDecision()).toMatchObject({ code, keyId: key.keyId });
      expect(find).not.toHaveBeenCalled();
    },
  );

  it('receives the unverified key identifier, environment and device of a rejected registration', async () => {
    const backend = createBackend();
    const { onDecision, onlyDecision } = collectDecisions();
    const device = await createDevice({ environment: 'development', os: 'iOS 17.6' });
    const body = await registration(backend, device);
    const response = await httpHandlers(backend, { onDecision }).registration(post('/', body));
    expect({ status: response.status, body: await response.json() }).toEqual({
      status: 401,
      body: { error: 'environment_mismatch' },
    });
    expect(await onlyDecision()).toMatchObject({
      outcome: 'refused',
      route: 'registration',
      keyId: body.keyId,
      environment: 'development',
      device: { osVersion: '17.6.1' },
    });
  });

  it('receives the key identifier in base64 with padding, and no malformed key identifier', async () => {
    const { backend, keyId, request } = await backendWithDevice();
    const keyIds = [Buffer.from(keyId, 'base64').toString('base64url'), 'forged\nline', 17];
    for (const [index, sent] of keyIds.entries()) {
      const { onDecision, onlyDecision } = collectDecisions();
      const body = await request();
      await backend.authenticate(body);
      await httpHandlers(backend, { onDecision }).assertion(post('/', { ...body, keyId: sent }));
      expect((await onlyDecision()).keyId).toBe(index === 0 ? keyId : undefined);
    }
  });

  it('receives the error that a store threw, while the client receives 503 and Retry-After', async () => {
    const stores = memoryStores();
    const { backend, request } = await backendWithDevice(stores);
    const body = await request();
    const failure = new Error('connect ECONNREFUSED 10.0.0.7:6379');
    stores.challenges.take = () => Promise.reject(failure);
    const find = vi.spyOn(stores.keys, 'find');
    const { onDecision, onlyDecision } = collectDecisions();
    const options = { onDecision, lookUpKeys: true, capsules: true };
    const response = await httpHandlers(backend, options).assertion(post('/', body));
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await response.json()).toEqual({ error: 'unavailable' });
    const { error } = await onlyDecision();
    expect(error).toBeInstanceOf(AppAttestHttpError);
    expect(error?.cause).toBe(failure);
    expect(error?.message).toContain('ECONNREFUSED');
    expect(find, 'calls of keys.find if challenges.take fails').toHaveBeenCalledTimes(1);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('the log is full');
      },
    ],
    ['returns a promise that rejects', () => Promise.reject(new Error('the log is full'))],
    ['never ends', () => new Promise(() => undefined)],
  ])('that %s does not change the response', async (_, onDecision) => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const response = await httpHandlers(createBackend(), { onDecision }).challenge(post('/', {}));
    expect({ status: response.status, body: await response.json() }).toEqual({
      status: 400,
      body: { error: 'malformed_request' },
    });
    if (_ !== 'never ends') await expect.poll(() => warn.mock.calls.length).toBe(1);
  });

  it('is optional: without it, a failing store causes a process warning, but an invalid request does not', async () => {
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
  it('receives the same decision object as onDecision, and also the decisions of handlers without onDecision', async () => {
    const { backend, request } = await backendWithDevice();
    const published: unknown[] = [];
    subscribeTo((decision) => published.push(decision));
    const { decisions, onDecision } = collectDecisions();
    await httpHandlers(backend, { onDecision }).assertion(post('/', await request()));
    await httpHandlers(backend).challenge(post('/', {}));
    await expect.poll(() => published.length).toBe(2);
    expect(published[0]).toBe(decisions[0]);
    expect(published[1]).toMatchObject({ outcome: 'refused', route: 'challenge', code: 'malformed_request' });
  });

  it('receives nothing if it has no subscriber and onDecision is absent, and the handler starts no timer', async () => {
    const publish = vi.spyOn(channel(CHANNEL), 'publish');
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const { backend, request } = await backendWithDevice();
    const { assertion } = httpHandlers(backend);
    const sent = post('/', await request());
    timers.mockClear();
    expect((await assertion(sent)).status).toBe(200);
    expect(
      timers.mock.calls.filter(([, milliseconds]) => milliseconds === 20),
      'timers of 20 ms that the handler started',
    ).toEqual([]);
    await waitForTimers();
    expect(publish).not.toHaveBeenCalled();
  });

  it('and onDecision receive a decision after the response, even if a subscriber of the channel throws', async () => {
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
