import { readFileSync } from 'node:fs';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { AppAttestError } from '../../../src/errors.js';
import type { AppAttest } from '../../../src/server/index.js';
import { startChromium } from '../../inspector/chromium.js';
import { createBackend, createDevice } from '../../support/backend.js';
import type { TestServer } from '../../support/http-servers.js';
import { connectPlugin, servePage } from './app-in-page.js';
import { SHOPS } from './shops-with-cors.js';

const shops = readFileSync(new URL('shops-with-cors.ts', import.meta.url), 'utf8');
const chromium = await startChromium();
const pages = await servePage();
/** The origin of the page. The server is at 127.0.0.1, on another port. */
const pageOrigin = pages.origin.replace('127.0.0.1', 'localhost');
/** The origins of Capacitor apps on iOS and on Android. */
const APPS = ['capacitor://localhost', 'https://localhost'];

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const opened of open.splice(0)) await opened.close();
});
afterAll(async () => {
  await chromium.close();
  await pages.close();
});

/** Starts a shop, and opens the app of this shop in some tabs. */
async function openApp(name: string, { tabs = 1, options = '{}', url = pageOrigin } = {}) {
  const backend: AppAttest = createBackend();
  const shop: TestServer | undefined = await SHOPS[name]?.(backend, [pageOrigin, ...APPS]);
  if (!shop) throw new Error(`no shop ${name}`);
  const context = await chromium.newContext();
  open.push(context, shop);
  const made = await connectPlugin(context, await createDevice());
  const opened = await Promise.all(
    Array.from({ length: tabs }, async () => {
      const page = await context.newPage();
      await page.goto(url);
      await page.evaluate(`createApp('${shop.origin}', ${options})`);
      return page;
    }),
  );
  const [page] = opened;
  if (!page) throw new Error('no page');
  const outcome = (target: string, init = '{}'): Promise<Record<string, unknown>> => {
    return page.evaluate(`outcomeOf('${target}', ${init})`);
  };
  return { backend, shop, made, page, pages: opened, outcome };
}

describe.each(Object.keys(SHOPS))('with %s, a page on another origin than the server', (name) => {
  it.each([
    ['GET', '{}'],
    ['POST', `{ method: 'POST', body: { item: 'coffee' } }`],
    ['PUT', `{ method: 'PUT', body: new Uint8Array([0, 255]) }`],
    ['PATCH', `{ method: 'PATCH', body: new URLSearchParams({ item: 'coffee' }) }`],
    ['DELETE', `{ method: 'DELETE' }`],
    [
      'POST',
      `(() => { const body = new FormData(); body.set('file', new Blob(['a']), 'a.txt'); return { method: 'POST', body }; })()`,
    ],
  ])('registers a key, and sends a signed request: %s %s', async (method, init) => {
    const { outcome, made } = await openApp(name);
    const { status, text } = await outcome('/orders?a=ü', init);
    expect(status).toBe(200);
    expect(JSON.parse(String(text))).toEqual({
      method,
      payload: expect.stringMatching(new RegExp(`^${method} /orders\\?a=%C3%BC\\n[\\w.-]+\\nsha-256=:.{44}:$`)),
    });
    expect(made).toHaveLength(1);
  });

  it('reads the code of a rejection, and creates a new key', async () => {
    const { outcome, backend, made } = await openApp(name);
    expect(await outcome('/orders')).toMatchObject({ status: 200 });
    await backend.forget(made[0] ?? '');
    expect(await outcome('/orders')).toMatchObject({ status: 200 });
    expect(made).toHaveLength(2);
  });

  it('reads Retry-After, and sends the request again', async () => {
    const { outcome } = await openApp(name);
    expect(await outcome('/busy', `{ method: 'POST', body: 'x' }`)).toMatchObject({ status: 200 });
  });

  it('follows no redirect', async () => {
    const { outcome } = await openApp(name);
    expect(await outcome('/moved')).toMatchObject({ code: 'redirected' });
  });

  it('cannot read responses if the server does not allow its origin', async () => {
    const { outcome, made } = await openApp(name, { url: pages.origin, options: '{ retries: 0 }' });
    expect(await outcome('/orders')).toMatchObject({ code: 'network' });
    expect(made).toHaveLength(1);
  });

  it.each(APPS)('may send all headers of the client from the origin %s', async (origin) => {
    const { shop } = await openApp(name);
    const names = [
      'authorization',
      'content-digest',
      'content-type',
      ...['x-app-attest-assertion', 'x-app-attest-challenge', 'x-app-attest-key-id', 'x-app-attest-unsupported'],
    ];
    const preflight = await fetch(`${shop.origin}/orders`, {
      method: 'OPTIONS',
      headers: {
        Origin: origin,
        'Access-Control-Request-Method': 'PUT',
        'Access-Control-Request-Headers': names.join(','),
      },
    });
    expect(preflight.ok).toBe(true);
    const listed = (header: string) => (preflight.headers.get(header) ?? '').toLowerCase().split(/, ?/);
    expect(preflight.headers.get('access-control-allow-origin')).toBe(origin);
    expect(listed('access-control-allow-headers').toSorted()).toEqual(names.toSorted());
    expect(listed('access-control-allow-methods')).toContain('put');
    expect(preflight.headers.get('access-control-max-age')).toBe('7200');
    const rejected = await fetch(`${shop.origin}/orders`, { headers: { Origin: origin } });
    expect(rejected.status).toBe(401);
    expect(rejected.headers.get('access-control-allow-origin')).toBe(origin);
    expect(rejected.headers.get('access-control-expose-headers')?.toLowerCase()).toBe('retry-after');
  });
});

describe('several tabs of one app', () => {
  const both = (opened: readonly { evaluate(script: string): Promise<unknown> }[], script: string) => {
    return Promise.all(opened.map((page) => page.evaluate(script)));
  };

  it('register one key together', async () => {
    const { backend, pages: opened, made } = await openApp('Express', { tabs: 3 });
    const register = vi.spyOn(backend, 'register');
    const keys = await both(opened, 'attested.register().then(({ keyId }) => keyId)');
    expect(new Set(keys)).toEqual(new Set(made));
    expect(made).toHaveLength(1);
    expect(register).toHaveBeenCalledTimes(1);
  });

  it('create one new key together after a revocation', async () => {
    const { backend, pages: opened, made } = await openApp('Express', { tabs: 3 });
    await both(opened, 'attested.register()');
    await backend.revoke(made[0] ?? '');
    // The counters of the tabs may arrive in another order, so a request may be rejected. No tab creates another key.
    await both(opened, `outcomeOf('/orders')`);
    expect(made).toHaveLength(2);
    expect(await opened[0]?.evaluate(`outcomeOf('/orders')`)).toMatchObject({ status: 200 });
    expect(made).toHaveLength(2);
  });

  it('create no second new key if the server rejects each key', async () => {
    const { backend, pages: opened, made } = await openApp('Express', { tabs: 2 });
    await both(opened, 'attested.register()');
    const unknown = new AppAttestError('key_unknown', 'no such key');
    vi.spyOn(backend, 'authenticate').mockRejectedValue(unknown);
    for (let round = 0; round < 2; round += 1) {
      const outcomes = await both(opened, `outcomeOf('/orders')`);
      expect(outcomes).toEqual(opened.map(() => expect.objectContaining({ serverCode: 'key_unknown' })));
    }
    expect(made).toHaveLength(2);
  });
});

it.each(Object.keys(SHOPS).slice(0, 3))('docs/http.md shows how the tests set up CORS in %s', (name) => {
  const [, line = ''] = new RegExp(`^  ${name}: async[^]*?^ {4}(.*[cC]ors\\(?.*\\bmaxAge: .*)$`, 'm').exec(shops) ?? [];
  expect(line).toMatch(/cors/i);
  expect(readFileSync('docs/http.md', 'utf8')).toContain(`\`${line}\``);
});
