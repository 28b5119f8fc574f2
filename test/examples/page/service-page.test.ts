import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, describe, expect, it } from 'vitest';
import { SCENES } from '../../../examples/service/scenes.js';
import { startChromium } from '../../inspector/chromium.js';
import { serveExample } from '../../support/example-process.js';

const inspector = createRequire(new URL('../../inspector/package.json', import.meta.url));
const axe = readFileSync(inspector.resolve('axe-core/axe.min.js'), 'utf8');
const example = await serveExample();
const chromium = await startChromium();
afterAll(async () => {
  await chromium.close();
  await example.close();
});

type Page = Awaited<ReturnType<typeof chromium.newPage>>;

/** A scene has many steps, and the machine may be busy. */
const PATIENCE = { timeout: 20_000 };

/** The number of scenes that have been played in all pages. */
let scenesPlayed = 0;

/** Opens the page as a new installation of the app. The steps of earlier tests are shown too. */
async function openPage(options: Parameters<typeof chromium.newContext>[0] = {}) {
  const context = await chromium.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  const origins = new Set<string>();
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => origins.add(new URL(request.url()).origin));
  // Chromium writes a message about each rejected request.
  page.on('console', (message) => {
    if (!/status of 40[13] \((Unauthorized|Forbidden)\)/.test(message.text())) complaints.push(message.text());
  });
  await page.goto(example.page);
  // The page shows the scenes of earlier tests too, up to their last step.
  await expect.poll(() => page.locator('.scene').count(), PATIENCE).toBe(scenesPlayed);
  return { page, complaints, origins, close: () => context.close() };
}

/** Plays a scene, and waits until its last step is shown. Returns the text beside its button. */
async function play(page: Page, name: string): Promise<string> {
  const title = SCENES.find((scene) => scene.name === name)?.title ?? '';
  const button = page.getByRole('button', { name: title, exact: true });
  await button.click();
  scenesPlayed += 1;
  await expect.poll(() => page.getByRole('status').innerText(), PATIENCE).toContain(`${title}. `);
  await expect.poll(() => page.locator('.scene').count(), PATIENCE).toBe(scenesPlayed);
  await page.locator('.scene').first().locator('.verdict.expected').waitFor();
  return page.locator('.scenes li', { has: button }).locator('.answer').innerText();
}

/** The steps of the latest scene, each as its route and its first words. */
const stepsIn = (page: Page): Promise<string[]> => page.locator('.scene[open] .step').allInnerTexts();

describe('the page of the example', () => {
  it('registers the app and orders, and shows each step in order', async () => {
    const { page, complaints, origins, close } = await openPage();
    expect(await play(page, 'install')).toMatch(/^Accepted: 201 \{"keyId":"/);
    expect(await play(page, 'order')).toBe('Accepted: 201 {"ordered":"coffee"}');
    const steps = (await stepsIn(page)).map((step) => step.replace(/\s+/g, ' '));
    const expected = [
      /App → Service: POST \/app-attest\/challenge/,
      /Service → Store: challenges\.put/,
      /Service → App: 200 \{"challenge"/,
      /App → Device: createAssertion .*signs POST \/orders/,
      /Device → App: assertion ?counter 1/,
      /App → Service: POST \/orders ?key .*challenge .*assertion .*digest/,
      /Service → Store: challenges\.take .*challenge for an assertion/,
      /Service → Store: keys\.advance .*counter 1 ?result true/,
      /Service: checked: challenge, signature, App ID, counter, digest of the body .*accepted counter 1/,
      /Service → App: 201 \{"ordered":"coffee"\}/,
    ];
    const positions = expected.map((pattern) => steps.findIndex((step) => pattern.test(step)));
    expect(positions, steps.join('\n')).not.toContain(-1);
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
    expect([...origins].toSorted()).toEqual([example.page, example.service].toSorted());
    expect(complaints).toEqual([]);
    await close();
  });

  for (const scene of SCENES.filter(({ by }) => by === 'attacker')) {
    it(`shows an attack and its answer: ${scene.title}`, async () => {
      const { page, complaints, close } = await openPage();
      const answer = await play(page, scene.name);
      const { error }: { error?: string } = scene.expected.body ?? {};
      if (error) expect(answer).toBe(`Rejected: ${scene.expected.status} ${error}`);
      else expect(answer).toMatch(/^Accepted: 200 \{"stamps":/);
      expect(await page.locator('.scene[open] .verdict').innerText()).toContain(scene.why);
      expect((await stepsIn(page)).some((step) => step.startsWith('Attacker → '))).toBe(true);
      expect(complaints).toEqual([]);
      await close();
    });
  }

  it('lists orders, reads with a session, shows the risk metric, and survives a restart of the service', async () => {
    const { page, close } = await openPage();
    await play(page, 'order');
    expect(await play(page, 'list')).toBe('Accepted: 200 {"orders":["coffee"]}');
    expect(await play(page, 'stamps')).toBe('Accepted: 200 {"stamps":1}');
    // The second read uses the same token, and the service asks no store.
    expect(await play(page, 'stamps')).toBe('Accepted: 200 {"stamps":1}');
    expect((await stepsIn(page)).filter((step) => step.includes('Store'))).toEqual([]);
    expect(await play(page, 'jwks')).toMatch(/^Accepted: 200 \{"keys":\[\{"kty":"EC"/);
    expect(await play(page, 'receipt')).toMatch(/^Accepted: 200 \{"riskMetric":\d+\}$/);
    expect(await play(page, 'restart')).toBe('Accepted: 201 {"ordered":"cake"}');
    await close();
  });

  it('keeps its key after a reload', async () => {
    const { page, close } = await openPage();
    await play(page, 'order');
    await page.reload();
    expect(await play(page, 'list')).toBe('Accepted: 200 {"orders":["coffee"]}');
    await close();
  });

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 390],
    ['dark', 390],
  ] as const)('has no problem that axe-core finds in the %s colours, at a width of %i', async (colorScheme, width) => {
    const { page, close } = await openPage({ colorScheme, viewport: { width, height: 900 } });
    await play(page, 'order');
    await play(page, 'change');
    await page.evaluate(axe);
    const violations = 'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html]))';
    expect(await page.evaluate(violations)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    await close();
  });

  it('forbids all connections except those to the service and to its own server', async () => {
    const { page, close } = await openPage();
    const attempt = await page.evaluate("fetch('http://127.0.0.1:9').then(() => 'connected', () => 'forbidden')");
    expect(attempt).toBe('forbidden');
    const response = await fetch(example.page);
    expect(response.headers.get('content-security-policy')).toBe(
      `default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ${example.service}; ` +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    await close();
  });

  it.each([
    ['of another page', { Origin: 'https://evil.example' }],
    ['without an origin', {}],
  ])('rejects a call %s', async (_, headers: Record<string, string>) => {
    const init = { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body: '{}' };
    expect((await fetch(`${example.page}/devices/phone/prepare`, init)).status).toBe(403);
    const own = { ...init, headers: { ...init.headers, Origin: example.page } };
    expect((await fetch(`${example.page}/devices/phone/prepare`, own)).status).toBe(200);
  });

  it('rejects a host name that resolves to this machine', async () => {
    expect((await fetch(example.page.replace('127.0.0.1', 'localhost'))).status).toBe(403);
  });

  it('allows no other origin to read the responses of the service', async () => {
    const read = (origin: string) => fetch(`${example.service}/orders`, { headers: { Origin: origin } });
    const allowed = async (origin: string) => (await read(origin)).headers.get('access-control-allow-origin');
    expect(await allowed(example.page)).toBe(example.page);
    expect(await allowed('https://evil.example')).toBeNull();
  });
});

/** The pictures in docs/example.md: the scene, and the size of the window. */
const PICTURES: Readonly<Record<string, { scene: string; width: number; dark?: boolean }>> = {
  registration: { scene: 'install', width: 1280 },
  order: { scene: 'order', width: 1280 },
  'changed-order': { scene: 'change', width: 1280, dark: true },
  'stolen-session': { scene: 'stolen-order', width: 1280 },
  phone: { scene: 'expired', width: 390 },
};

/** `PICTURES=record` writes the pictures. */
const { PICTURES: recording } = process.env;

/** Pixels around a picture. */
const MARGIN = 8;

/** Bytes. */
const MAX_PICTURE = 120_000;

/** The part of the page with the latest scene, below the names of the columns. The scenes of earlier tests are not in it. */
async function latestScene(page: Page) {
  await page.evaluate('scrollTo(0, 0)');
  const scene = await page.locator('.scene[open]').boundingBox();
  if (!scene) throw new Error('the page shows no scene');
  // On a narrow screen, there are no columns.
  const { y } = (await page.locator('.places').boundingBox()) ?? scene;
  return {
    x: scene.x - MARGIN,
    y: y - MARGIN,
    width: scene.width + 2 * MARGIN,
    height: scene.y + scene.height - y + MARGIN,
  };
}

describe('the pictures in docs/example.md', () => {
  const folder = new URL('../../../docs/pictures/', import.meta.url);

  it.each(Object.entries(PICTURES))('%s shows the page', async (name, { scene, width, dark }) => {
    const colorScheme = dark ? 'dark' : 'light';
    const { page, close } = await openPage({ colorScheme, viewport: { width, height: 900 } });
    // The page keeps the results of preflights, and the app keeps its session, so the pictures have fewer steps.
    await play(page, 'install');
    if (scene !== 'install') await play(page, 'stamps');
    await play(page, scene);
    const picture = await page.screenshot({ fullPage: true, clip: await latestScene(page) });
    expect(picture.length).toBeLessThan(MAX_PICTURE);
    if (recording === 'record') writeFileSync(new URL(`${name}.png`, folder), picture);
    await close();
  });

  it('are all in the page, and no others', () => {
    const files = Object.keys(PICTURES).map((name) => `${name}.png`);
    const document = readFileSync(new URL('../example.md', folder), 'utf8');
    const shown = [...document.matchAll(/\]\(pictures\/([\w-]+\.png)\)/g)].map(([, name]) => name ?? '');
    expect(readdirSync(folder).toSorted()).toEqual(files.toSorted());
    expect(shown.toSorted()).toEqual(files.toSorted());
    for (const file of files) expect(readFileSync(new URL(file, folder)).length, file).toBeLessThan(MAX_PICTURE);
  });
});
