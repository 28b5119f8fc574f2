import { afterEach, expect, it, vi } from 'vitest';
import { capacitor, createClient, expo } from '../../src/client/index.js';
import { type Decision, httpHandlers } from '../../src/http/index.js';
import { DCError } from '../../src/testing/device/dc-error.js';
import { installApp, memoryStorage } from '../support/app-client.js';
import { createBackend, createDevice } from '../support/backend.js';

const decisions: Decision[] = [];

/** The routes without a network. */
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

it.each(['the Capacitor plugin', 'the Expo module'])('%s is a device', async (name) => {
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

it('a device without App Attest sends its reason, which the decision contains', async () => {
  const { attested, device } = await installApp(baseUrl, { fetch: server(), onUnsupported: () => 'send' });
  device.isSupported = async () => false;
  await expect(attested.fetch('/orders')).rejects.toMatchObject({ serverCode: 'assertion_missing' });
  const states = () => decisions.map(({ code, unsupported }) => `${code} ${unsupported}`);
  await expect.poll(states).toContain('assertion_missing not_supported');
});

it('a device without App Attest sends nothing if the app decides so', async () => {
  const fetch = vi.fn(server());
  const { attested, device } = await installApp(baseUrl, { fetch, onUnsupported: () => 'throw' });
  device.isSupported = async () => false;
  await expect(attested.fetch('/orders')).rejects.toMatchObject({ code: 'unsupported' });
  expect(fetch).not.toHaveBeenCalled();
});

it.each(['a\nb', 'a b', 'x'.repeat(65), ''])('the decision contains no malformed reason %j', async (reason) => {
  const { protect } = httpHandlers(createBackend(), { onDecision: (decision) => decisions.push(decision) });
  const headers = new Headers();
  vi.spyOn(headers, 'get').mockImplementation((name) => (name === 'x-app-attest-unsupported' ? reason : null));
  const request = new Request(baseUrl);
  Object.defineProperty(request, 'headers', { value: headers });
  await protect(async () => new Response(null))(request);
  await expect.poll(() => decisions.length).toBeGreaterThan(0);
  expect(decisions.at(-1)).not.toHaveProperty('unsupported');
});

it('waits longer each time if Apple is unavailable, and keeps the key', async () => {
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

it('makes no other key if the device stalls, or the identifier cannot be stored', async () => {
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

it('stops with the AbortSignal of the request, but not the registration of others', async () => {
  const { attested, made } = await installApp(baseUrl, { fetch: server() });
  const controller = new AbortController();
  const aborted = attested.fetch('/orders', { signal: controller.signal });
  const other = attested.fetch('/orders');
  controller.abort(new Error('the user left'));
  await expect(aborted).rejects.toThrow('the user left');
  expect((await other).status).toBe(200);
  expect(made).toHaveLength(1);
});

it('follows no redirect', async () => {
  const routes = server();
  const fetch = async (url: string, init: RequestInit) => {
    expect(init.redirect).toBe('manual');
    return url.endsWith('/orders') ? Response.redirect('https://other.example/', 302) : routes(url, init);
  };
  const { attested } = await installApp(baseUrl, { fetch });
  await expect(attested.fetch('/orders')).rejects.toMatchObject({ code: 'redirected' });
});

it('renews a session before it expires, once for all requests, and once after 401', async () => {
  const routes = server();
  let issued = 0;
  let accepted = 'token 1';
  const fetch = async (url: string, init: RequestInit) => {
    if (url.endsWith('/session')) {
      issued += 1;
      return Response.json({ token: `token ${issued}`, expiresAt: new Date(Date.now() + 600_000).toISOString() });
    }
    const authorization = new Headers(init.headers).get('authorization');
    if (authorization === null) return routes(url, init);
    return new Response(null, { status: authorization === `Bearer ${accepted}` ? 200 : 401 });
  };
  const { attested } = await installApp(baseUrl, { fetch });
  const read = () => attested.fetch('/orders', {}, { with: 'session' });
  expect((await Promise.all([read(), read(), read()])).map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(issued).toBe(1);
  accepted = 'token 2';
  expect((await read()).status).toBe(200);
  expect(issued).toBe(2);
  accepted = 'token 3';
  vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 590_000);
  expect((await read()).status).toBe(200);
  expect(issued).toBe(3);
  accepted = 'none';
  expect((await read()).status).toBe(401);
  expect(issued).toBe(4);
  vi.restoreAllMocks();
});
