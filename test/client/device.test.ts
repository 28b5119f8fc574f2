import { afterEach, expect, it, vi } from 'vitest';
import { capacitor, createClient, expo } from '../../src/client/index.js';
import { type Decision, httpHandlers } from '../../src/http/index.js';
import { DCError } from '../../src/testing/device/dc-error.js';
import { installApp, memoryStorage } from '../support/app-client.js';
import { createBackend, createDevice } from '../support/backend.js';

const decisions: Decision[] = [];

/** Creates a `fetch` that passes requests to the handlers without a network. */
function server(): (url: string, init: RequestInit) => Promise<Response> {
  const { challenge, registration, protect } = httpHandlers(createBackend(), {
    onDecision: (decision) => decisions.push(decision),
  });
  const order = protect(async (_request, { key }) => Response.json({ by: key.keyId }));
  return (url, init) => {
    const request = new Request(url, init);
    if (url.endsWith('/challenge')) return challenge(request);
    return url.endsWith('/registration') ? registration(request) : order(request);
  };
}

afterEach(() => {
  vi.unstubAllGlobals();
  decisions.length = 0;
});

const baseUrl = 'https://api.example.com/v1/';

it.each(['the Capacitor plugin', 'the Expo module'])('a client works with %s as its device', async (name) => {
  const { capacitor: plugin } = await createDevice();
  const isSupported = async () => ({ isSupported: true, format: 'apple-app-attest' });
  const device =
    name === 'the Capacitor plugin'
      ? capacitor({
          isSupported,
          prepare: () => plugin.prepare(),
          createAttestation: (options) => plugin.createAttestation(options),
          createAssertion: (options) => plugin.createAssertion(options),
        })
      : expo({
          isSupported: true,
          generateKeyAsync: async () => (await plugin.prepare()).keyId,
          attestKeyAsync: async (keyId, challenge) => (await plugin.createAttestation({ keyId, challenge })).token,
          generateAssertionAsync: async (keyId, payload) => (await plugin.createAssertion({ keyId, payload })).token,
        });
  const attested = createClient({ device, storage: memoryStorage(), baseUrl, fetch: server() });
  const { keyId } = await attested.register();
  expect(await (await attested.fetch('/orders?all')).json()).toEqual({ by: keyId });
});

it.each([
  ['on Android', { isSupported: true, format: 'google-play-integrity-standard' }],
  ['in a simulator', { isSupported: false }],
])('a client with the Capacitor plugin %s reports that App Attest is not supported', async (_name, support) => {
  const { capacitor: plugin } = await createDevice();
  const device = capacitor({
    isSupported: async () => support,
    prepare: () => plugin.prepare(),
    createAttestation: (options) => plugin.createAttestation(options),
    createAssertion: (options) => plugin.createAssertion(options),
  });
  const onUnsupported = vi.fn(() => 'throw' as const);
  const attested = createClient({ device, storage: memoryStorage(), baseUrl, fetch: server(), onUnsupported });
  await expect(attested.fetch('/orders')).rejects.toMatchObject({ code: 'unsupported' });
  expect(onUnsupported).toHaveBeenCalledWith('not_supported');
});

it('on a device without App Attest, the client sends the reason, and the decision contains this reason', async () => {
  const { attested, device } = await installApp(baseUrl, { fetch: server(), onUnsupported: () => 'send' });
  device.isSupported = async () => false;
  await expect(attested.fetch('/orders')).rejects.toMatchObject({ serverCode: 'assertion_missing' });
  const states = () => decisions.map(({ code, unsupported }) => `${code} ${unsupported}`);
  await expect.poll(states).toContain('assertion_missing not_supported');
});

it('on a device without App Attest, the client sends nothing if onUnsupported returns throw', async () => {
  const fetch = vi.fn(server());
  const { attested, device } = await installApp(baseUrl, { fetch, onUnsupported: () => 'throw' });
  device.isSupported = async () => false;
  await expect(attested.fetch('/orders')).rejects.toMatchObject({ code: 'unsupported' });
  expect(fetch).not.toHaveBeenCalled();
});

it.each(['a\nb', 'a b', 'x'.repeat(65), ''])('the decision omits the malformed reason %j', async (reason) => {
  const { protect } = httpHandlers(createBackend(), { onDecision: (decision) => decisions.push(decision) });
  const headers = new Headers();
  vi.spyOn(headers, 'get').mockImplementation((name) => (name === 'x-app-attest-unsupported' ? reason : null));
  const request = new Request(baseUrl);
  Object.defineProperty(request, 'headers', { value: headers });
  await protect(async () => new Response(null))(request);
  await expect.poll(() => decisions.length).toBeGreaterThan(0);
  expect(decisions.at(-1)).not.toHaveProperty('unsupported');
});

it('the client waits longer each time if Apple is unavailable, and keeps the key', async () => {
  const pauses: number[] = [];
  const { setTimeout } = globalThis;
  vi.stubGlobal('setTimeout', (run: () => void, milliseconds: number) => {
    if (milliseconds < 10_000) pauses.push(milliseconds);
    return setTimeout(run, milliseconds < 10_000 ? milliseconds / 1000 : milliseconds);
  });
  vi.spyOn(Math, 'random').mockReturnValue(0);
  const { attested, device, made } = await installApp(baseUrl, { fetch: server() });
  device.attest = async () => {
    throw new DCError('serverUnavailable', 'later');
  };
  await expect(attested.register()).rejects.toMatchObject({ code: 'apple_unavailable' });
  expect(pauses.filter((milliseconds) => milliseconds >= 1000)).toEqual([1000, 2000, 4000]);
  expect(made).toHaveLength(1);
});

it('the client creates no second key after generateKey took too long or the identifier was not stored', async () => {
  const { attested, device, made, storage } = await installApp(baseUrl, { fetch: server(), timeout: 0.5, retries: 0 });
  const { generateKey } = device;
  let finish: (() => void) | undefined;
  const stalled = new Promise<void>((resolve) => {
    finish = resolve;
  });
  device.generateKey = async () => {
    await stalled;
    return generateKey();
  };
  await expect(attested.register()).rejects.toMatchObject({ code: 'device_failed' });
  finish?.();
  const set = vi.spyOn(storage, 'set').mockRejectedValueOnce(new Error('full'));
  await expect(attested.register()).rejects.toThrow('full');
  set.mockRestore();
  expect(await attested.register()).toEqual({ keyId: made[0] });
  expect(made).toHaveLength(1);
});

it('an AbortSignal ends its own request, but not the registration that another request waits for', async () => {
  const { attested, made } = await installApp(baseUrl, { fetch: server() });
  const controller = new AbortController();
  const aborted = attested.fetch('/orders', { signal: controller.signal });
  const other = attested.fetch('/orders');
  controller.abort(new Error('the user left'));
  await expect(aborted).rejects.toThrow('the user left');
  expect((await other).status).toBe(200);
  expect(made).toHaveLength(1);
});

it('the client sends nothing if the signal is already aborted, or is aborted while the request is in the queue', async () => {
  const routes = server();
  const fetch = vi.fn(routes);
  const { attested, device } = await installApp(baseUrl, { fetch });
  await expect(attested.fetch('/orders', { signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow('gone');
  expect(fetch).not.toHaveBeenCalled();
  await attested.register();
  const assert = vi.spyOn(device, 'assert');
  let respond: (() => void) | undefined;
  fetch.mockImplementation((url, init) => {
    if (!url.endsWith('/orders')) return routes(url, init);
    return new Promise((resolve) => {
      respond = () => resolve(routes(url, init));
    });
  });
  const first = attested.fetch('/orders');
  await expect.poll(() => respond).toBeDefined();
  const controller = new AbortController();
  const second = attested.fetch('/orders', { signal: controller.signal });
  controller.abort(new Error('the user left'));
  await expect(second).rejects.toThrow('the user left');
  respond?.();
  expect((await first).status).toBe(200);
  expect(assert).toHaveBeenCalledTimes(1);
});

it('an AbortSignal also aborts the body of the response', async () => {
  const routes = server();
  const fetch = async (url: string, init: RequestInit) => {
    if (!url.endsWith('/orders')) return routes(url, init);
    const body = new ReadableStream({
      start: (controller) => init.signal?.addEventListener('abort', () => controller.error(init.signal?.reason)),
    });
    return new Response(body);
  };
  const { attested } = await installApp(baseUrl, { fetch });
  const controller = new AbortController();
  const response = await attested.fetch('/orders', { signal: controller.signal });
  controller.abort(new Error('the user left'));
  await expect(response.text()).rejects.toThrow('the user left');
});

it('the client throws network if a response, or the body of a challenge, does not arrive within the timeout', async () => {
  const stalled = async (_url: string, { signal }: RequestInit) => {
    return new Response(new ReadableStream({ start: (body) => signal?.addEventListener('abort', () => body.error()) }));
  };
  const silent = (_url: string, { signal }: RequestInit) => {
    return new Promise<Response>((_resolve, reject) =>
      signal?.addEventListener('abort', () => reject(new Error('abort'))),
    );
  };
  /** CapacitorHttp, for example, replaces fetch and ignores the signal. */
  const deaf = () => new Promise<Response>(() => undefined);
  for (const respond of [stalled, silent, deaf]) {
    const fetch = vi.fn(respond);
    const { attested } = await installApp(baseUrl, { fetch, timeout: 0.6, retries: 0 });
    await expect(attested.register()).rejects.toMatchObject({ code: 'network' });
    expect(fetch.mock.lastCall?.[1].signal?.aborted).toBe(true);
  }
});

it('the client throws redirected if fetch followed a redirect, as in React Native', async () => {
  const routes = server();
  const fetch = async (url: string, init: RequestInit) => {
    return url.endsWith('/orders')
      ? Object.defineProperty(new Response('other'), 'redirected', { value: true })
      : routes(url, init);
  };
  const { attested } = await installApp(baseUrl, { fetch });
  await expect(attested.fetch('/orders')).rejects.toMatchObject({ code: 'redirected' });
});

it('the client follows no redirect', async () => {
  const routes = server();
  const fetch = async (url: string, init: RequestInit) => {
    expect(init.redirect).toBe('manual');
    return url.endsWith('/orders') ? Response.redirect('https://other.example/', 302) : routes(url, init);
  };
  const { attested } = await installApp(baseUrl, { fetch });
  await expect(attested.fetch('/orders')).rejects.toMatchObject({ code: 'redirected' });
});
