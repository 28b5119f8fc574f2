import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppAttestError } from '../../src/errors.js';
import type { AppAttest } from '../../src/server/index.js';
import { installApp } from '../support/app-client.js';
import { createBackend } from '../support/backend.js';
import { SERVERS, type TestServer } from '../support/http-servers.js';
import { hurryPauses } from '../support/hurried-pauses.js';

let server: TestServer;
let backend: AppAttest;
const POST = { method: 'POST', body: { item: 'coffee' } };

afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  await server.close();
});

describe.each(Object.entries(SERVERS))('the client with %s', (_, start) => {
  beforeEach(async () => {
    backend = createBackend();
    server = await start(backend, { onDecision: () => undefined });
  });

  const reject = (code: ConstructorParameters<typeof AppAttestError>[0], times = 1) => {
    const spy = vi.spyOn(backend, 'authenticate');
    for (let time = 0; time < times; time += 1) spy.mockRejectedValueOnce(new AppAttestError(code, 'rejected'));
    return spy;
  };

  it('registers once for requests that start together, and sends counters in order', async () => {
    const { attested, made } = await installApp(server.origin);
    const responses = await Promise.all(Array.from({ length: 8 }, () => attested.fetch('/orders', POST)));
    const counters = await Promise.all(responses.map(async (response) => JSON.parse(await response.text()).counter));
    expect(counters.toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(made).toHaveLength(1);
  });

  it('registers one key together with another client of the same app', async () => {
    const { attested, again, made } = await installApp(server.origin);
    const other = again();
    const [first, second] = await Promise.all([attested.register(), other.register()]);
    expect(first).toEqual(second);
    expect(made).toEqual([first.keyId]);
    await backend.revoke(first.keyId);
    await Promise.all(
      [attested.fetch('/orders', POST), other.fetch('/orders', POST)].map((sent) => sent.catch(() => 0)),
    );
    expect(made).toHaveLength(2);
  });

  it('signs and sends requests at the same time if the server has a counterWindow', async () => {
    await server.close();
    backend = createBackend({ counterWindow: 16 });
    server = await start(backend, { onDecision: () => undefined });
    const { attested, device, made } = await installApp(server.origin, { parallel: true });
    await attested.register();
    let signing = 0;
    let most = 0;
    const { assert } = device;
    device.assert = async (...args) => {
      signing += 1;
      most = Math.max(most, signing);
      const assertion = await assert(...args);
      await new Promise((resolve) => setTimeout(resolve, 50));
      signing -= 1;
      return assertion;
    };
    const responses = await Promise.all(Array.from({ length: 4 }, () => attested.fetch('/orders', POST)));
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(most).toBeGreaterThan(1);
    expect(made).toHaveLength(1);
  });

  it('signs the target as the server receives it', async () => {
    const { attested } = await installApp(server.origin);
    for (const target of ['/orders/ü?q=ä b#part', '/orders/./x/../7?', "/orders/7?a='b'"]) {
      expect((await attested.fetch(target)).status).toBe(200);
    }
  });

  it.each(['challenge_expired', 'challenge_unknown', 'counter_not_increased'] as const)(
    'signs a request again after %s, but only once',
    async (code) => {
      const { attested, made } = await installApp(server.origin);
      reject(code);
      expect((await attested.fetch('/orders', POST)).status).toBe(200);
      const authenticate = reject(code, 2);
      authenticate.mockClear();
      await expect(attested.fetch('/orders', POST)).rejects.toMatchObject({ code: 'rejected', serverCode: code });
      expect(authenticate).toHaveBeenCalledTimes(2);
      expect(made).toHaveLength(1);
    },
  );

  it.each(['key_unknown', 'key_revoked'] as const)('creates one new key after %s', async (code) => {
    const { attested, made } = await installApp(server.origin);
    await attested.register();
    const [keyId = ''] = made;
    if (code === 'key_unknown') await backend.forget(keyId);
    else await backend.revoke(keyId);
    const responses = await Promise.all([1, 2, 3].map(() => attested.fetch('/orders', POST)));
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(made).toHaveLength(2);
  });

  it('creates no second new key if the server rejects the new key too', async () => {
    const { attested, made } = await installApp(server.origin);
    await attested.register();
    reject('key_unknown', 9);
    for (let round = 0; round < 3; round += 1) {
      await expect(attested.fetch('/orders', POST)).rejects.toMatchObject({ serverCode: 'key_unknown' });
    }
    expect(made).toHaveLength(2);
  });

  it('creates one new key if the device lost the key', async () => {
    const { attested, virtual, made } = await installApp(server.origin);
    await attested.register();
    virtual.loseKey(made[0] ?? '');
    const responses = await Promise.all([1, 2, 3].map(() => attested.fetch('/orders', POST)));
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(made).toHaveLength(2);
  });

  it('sends a request again after Retry-After, at most three times', async () => {
    hurryPauses();
    const { attested } = await installApp(server.origin);
    await attested.register();
    const authenticate = vi.spyOn(backend, 'authenticate');
    authenticate.mockRejectedValueOnce(new Error('the store failed'));
    expect((await attested.fetch('/orders', POST)).status).toBe(200);
    authenticate.mockRejectedValue(new Error('the store failed'));
    authenticate.mockClear();
    await expect(attested.fetch('/orders', POST)).rejects.toMatchObject({ serverCode: 'unavailable' });
    expect(authenticate).toHaveBeenCalledTimes(4);
  });

  it('throws the error rejected for another code, and keeps the key', async () => {
    const { attested, made } = await installApp(server.origin);
    reject('invalid_signature');
    const failure = await attested.fetch('/orders', POST).catch((error) => error);
    expect(failure).toMatchObject({ name: 'AppAttestClientError', code: 'rejected', serverCode: 'invalid_signature' });
    expect(failure.response.status).toBe(401);
    expect(made).toHaveLength(1);
  });

  it('uses the challenges that it requested ahead', async () => {
    const issue = vi.spyOn(backend, 'issueChallenge');
    const { attested } = await installApp(server.origin, { challengesAhead: 3 });
    await attested.fetch('/orders', POST);
    await expect.poll(() => issue.mock.calls.length).toBe(5);
    expect((await attested.fetch('/orders', POST)).status).toBe(200);
    await expect.poll(() => issue.mock.calls.length).toBe(6);
  });
});
