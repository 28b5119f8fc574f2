import { describe, expect, it } from 'vitest';
import { memoryStores } from '../../src/server/index.js';
import { backendWithDevice, createBackend, createDevice, registration } from '../support/backend.js';
import { expectCode } from '../support/rejection.js';

/** Stores that work until the test makes one of their methods fail. */
function breakableStores() {
  const { challenges, keys } = memoryStores();
  const down = new Set<string>();
  const failure = new Error('the connection was lost');
  const call = async (name: string, method: () => Promise<unknown>): Promise<unknown> => {
    if (down.has(name)) throw failure;
    return method();
  };
  return { breakable: { challenges: wrap(challenges, call), keys: wrap(keys, call) }, down, failure };
}

/** Wraps a store so that `call` executes its methods. */
function wrap<Store extends object>(
  store: Store,
  call: (name: string, method: () => Promise<unknown>) => Promise<unknown>,
): Store {
  return new Proxy(store, {
    get: (target, name) => {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      return (...parameters: unknown[]) => call(String(name), () => method.apply(target, parameters));
    },
  });
}

describe('a store that fails', () => {
  it.each(['put'])('in %s makes the server issue no challenge', async (method) => {
    const { breakable, down, failure } = breakableStores();
    const backend = createBackend(breakable);
    down.add(method);
    await expect(backend.issueChallenge({ purpose: 'assertion' })).rejects.toBe(failure);
  });

  it.each(['take', 'insert'])(
    'in %s makes the server register nothing, and throw the error of the store',
    async (method) => {
      const { breakable, down, failure } = breakableStores();
      const backend = createBackend(breakable);
      const body = await registration(backend, await createDevice());
      down.add(method);
      await expect(backend.register(body)).rejects.toBe(failure);
      down.clear();
      expect(await backend.key(body.keyId)).toBeUndefined();
    },
  );

  it.each(['take', 'find', 'advance'])(
    'in %s makes the server accept no request, and throw the error of the store',
    async (method) => {
      const { breakable, down, failure } = breakableStores();
      const { backend, keyId, request } = await backendWithDevice(breakable);
      const body = await request();
      down.add(method);
      await expect(backend.authenticate(body)).rejects.toBe(failure);
      down.clear();
      expect((await backend.key(keyId))?.counter).toBe(0);
    },
  );

  it('in fate does not make the server accept a used challenge', async () => {
    const { breakable, down, failure } = breakableStores();
    const { backend, request } = await backendWithDevice(breakable);
    const body = await request();
    await backend.authenticate(body);
    down.add('fate');
    await expect(backend.authenticate(body)).rejects.toBe(failure);
  });

  it('in any other method makes the server throw the error of the store', async () => {
    const { breakable, down, failure } = breakableStores();
    const { backend, keyId } = await backendWithDevice(breakable);
    const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
    await backend.bind(keyId, 'alice');
    const calls: readonly [string, () => Promise<unknown>][] = [
      ['revoke', () => backend.revoke(keyId)],
      ['find', () => backend.key(keyId)],
      ['bind', () => backend.bind(keyId, 'alice')],
      ['list', () => backend.keysOf('alice')],
      ['list', () => backend.revokeAll('alice')],
      ['list', () => backend.forgetAll('alice')],
      ['revoke', () => backend.revokeAll('alice')],
      ['remove', () => backend.forgetAll('alice')],
      ['remove', () => backend.forget(keyId)],
      ['receipt', () => backend.receipt(keyId)],
      ['take', () => backend.takeChallenge(challenge, { purpose: 'assertion' })],
    ];
    for (const [method, call] of calls) {
      down.add(method);
      await expect(call(), method).rejects.toBe(failure);
      down.clear();
    }
    await backend.takeChallenge(challenge, { purpose: 'assertion' });
    expect(await backend.key(keyId)).toMatchObject({ subject: 'alice' });
  });
});

describe('a store that returns', () => {
  const WRONG: readonly [string, string, unknown][] = [
    ['undefined from advance', 'advance', undefined],
    ['1 from advance', 'advance', 1],
    ['a record without expiresAt', 'take', { purpose: 'assertion' }],
    ['a record with an invalid expiresAt', 'take', { purpose: 'assertion', expiresAt: new Date(Number.NaN) }],
    ['a record without a purpose', 'take', { expiresAt: new Date('2100-01-01') }],
  ];
  it.each(WRONG)('%s makes the server reject the request', async (_, name, answer) => {
    const { challenges, keys } = memoryStores();
    const { request } = await backendWithDevice({ challenges, keys });
    const lie = async (method: string, truth: () => Promise<unknown>) => (method === name ? answer : truth());
    const broken = createBackend({ challenges: wrap(challenges, lie), keys: wrap(keys, lie) });
    const body = await request();
    await expect(broken.authenticate(body)).rejects.toThrow();
    await expect(createBackend({ challenges, keys }).authenticate(await request())).resolves.toBeDefined();
  });

  it('another key than the requested key makes the server reject the request', async () => {
    const { challenges, keys } = memoryStores();
    const { request } = await backendWithDevice({ challenges, keys });
    const careless = wrap(keys, async (name, method) => {
      const answer = await method();
      return name === 'find' ? Object.assign({}, answer, { keyId: 'another' }) : answer;
    });
    const body = await request();
    await expectCode(() => createBackend({ challenges, keys: careless }).authenticate(body), 'key_unknown');
  });

  it('true for a counter of a revoked key makes the server reject the request', async () => {
    const { challenges, keys } = memoryStores();
    const { backend, keyId, request } = await backendWithDevice({ challenges, keys });
    await backend.revoke(keyId);
    const lenient = wrap(keys, async (name, method) => name === 'advance' || method());
    const body = await request();
    await expectCode(() => createBackend({ challenges, keys: lenient }).authenticate(body), 'key_revoked');
  });

  it('a key without a counter makes the server reject the request, with or without a window', async () => {
    const { challenges, keys } = memoryStores();
    const { request } = await backendWithDevice({ challenges, keys });
    const forgetful = wrap(keys, async (name, method) => {
      const answer = await method();
      return name === 'find' ? Object.assign({}, answer, { counter: undefined }) : answer;
    });
    for (const counterWindow of [0, 64]) {
      const body = await request();
      const broken = createBackend({ challenges, keys: forgetful, counterWindow });
      await expectCode(() => broken.authenticate(body), 'invalid_argument');
    }
  });

  it('undefined from insert makes the server reject the registration', async () => {
    const { challenges, keys } = memoryStores();
    const silent = wrap(keys, async (name, method) => (name === 'insert' ? undefined : method()));
    const backend = createBackend({ challenges, keys: silent });
    const body = await registration(backend, await createDevice());
    await expectCode(() => backend.register(body), 'key_already_registered');
  });
});
