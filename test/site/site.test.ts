import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, describe, expect, it } from 'vitest';
import { groups } from '../../docs/.vitepress/navigation.js';
import { startChromium } from '../inspector/chromium.js';
import { serveSite } from './serve-site.js';

const axe = readFileSync(
  createRequire(new URL('../inspector/package.json', import.meta.url)).resolve('axe-core/axe.min.js'),
  'utf8',
);
const site = await serveSite();
const chromium = await startChromium();
afterAll(async () => {
  await chromium.close();
  await site.close();
});

const PHONE = { width: 390, height: 844 };
const COLOURS = ['light', 'dark'] as const;
const CREATE_APP_ATTEST = '/api/functions/app-attest_server.createAppAttest.html';
const pages = groups.flatMap(({ items }) =>
  items.filter((item) => !('target' in item)).map(({ link }) => `${link}.html`),
);

/** Opens a page of the site. `complaints` are errors, messages on the console, and requests that fail or leave the site. */
async function open(path: string, options: Parameters<typeof chromium.newContext>[0] = {}) {
  const context = await chromium.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => complaints.push(message.text()));
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (origin !== site.origin && protocol !== 'data:') complaints.push(request.url());
  });
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
  });
  await page.goto(site.origin + path);
  return { page, complaints, close: () => context.close() };
}

type Page = Awaited<ReturnType<typeof open>>['page'];

const widthOf = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth);

/** Rules of axe-core that the theme of VitePress itself breaks. The styles and the pages in docs/ cannot change this. */
const NOT_OURS = ['label-content-name-mismatch', 'landmark-one-main', 'region'];

async function axeFindings(page: Page): Promise<unknown> {
  await page.evaluate(axe);
  return page.evaluate(
    `axe.run({ rules: ${JSON.stringify(Object.fromEntries(NOT_OURS.map((rule) => [rule, { enabled: false }])))} })
      .then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]))`,
  );
}

describe('the documentation site', () => {
  it('leads from the home page to a page, and from there to the next', async () => {
    const { page, complaints, close } = await open('/');
    await page.getByRole('link', { name: 'Why is a device rejected?' }).click();
    await page.getByRole('heading', { name: 'Troubleshooting', level: 1 }).waitFor();
    await page.getByRole('link', { name: 'capsule', exact: true }).first().click();
    await page.waitForURL(/\/http\.html#capsules$/);
    await page.getByRole('heading', { name: 'Capsules' }).waitFor();
    expect(complaints).toEqual([]);
    await close();
  });

  it('finds the code counter_not_increased', async () => {
    const { page, complaints, close } = await open('/');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByRole('searchbox').fill('counter_not_increased');
    const results = page.getByRole('option');
    await expect.poll(() => results.count()).toBeGreaterThan(3);
    expect(await results.first().innerText()).toContain('Errors');
    await results.first().click();
    await page.waitForURL(/\/errors\.html#/);
    await expect.poll(() => page.locator('main').innerText()).toContain('counter_not_increased');
    expect(complaints).toEqual([]);
    await close();
  });

  it('opens the file of a sample', async () => {
    const { page, complaints, close } = await open('/http.html');
    const file = readFileSync(new URL('../../examples/fastify.ts', import.meta.url), 'utf8').trim();
    await page.getByRole('link', { name: 'examples/fastify.ts' }).click();
    await page.getByRole('heading', { name: 'examples/fastify.ts' }).waitFor();
    expect(await page.locator('.language-typescript code').innerText()).toBe(file);
    expect(complaints).toEqual([]);
    await close();
  });

  it('leads to the API reference, and back to the pages', async () => {
    const { page, complaints, close } = await open('/keys.html');
    await page.getByRole('banner').getByRole('link', { name: 'API reference' }).click();
    await page.getByRole('link', { name: 'app-attest/server', exact: true }).first().click();
    await page.getByRole('link', { name: 'createAppAttest', exact: true }).first().click();
    await page.getByRole('heading', { name: 'createAppAttest' }).waitFor();
    await page.getByRole('link', { name: 'Documentation' }).first().click();
    await page.getByRole('heading', { name: 'app-attest', level: 1 }).waitFor();
    expect(complaints).toEqual([]);
    await close();
  });

  it('contains the inspector, which verifies a recording', async () => {
    const { page, complaints, close } = await open('/');
    await page.getByRole('banner').getByRole('link', { name: 'Inspector' }).click();
    await page.getByRole('button', { name: "Apple's sample" }).click();
    await page.getByRole('heading', { name: 'Attestation accepted' }).waitFor();
    expect(complaints).toEqual([]);
    await close();
  });

  it.each(COLOURS)('has no accessibility problem that axe-core finds in the %s colours', async (colorScheme) => {
    for (const path of ['/', '/errors.html', '/challenges.html']) {
      const { page, complaints, close } = await open(path, { colorScheme });
      expect(await page.evaluate(() => document.documentElement.classList.contains('dark'))).toBe(
        colorScheme === 'dark',
      );
      expect(await axeFindings(page), path).toEqual([]);
      expect(complaints).toEqual([]);
      await close();
    }
  });

  it.each(COLOURS)('has no page that is wider than a phone, in the %s colours', async (colorScheme) => {
    const { page, complaints, close } = await open('/', { colorScheme, viewport: PHONE });
    expect(await widthOf(page), '/').toBe(PHONE.width);
    expect(pages.length).toBeGreaterThan(30);
    for (const path of pages) {
      await page.goto(site.origin + path);
      expect(await page.getByRole('heading', { level: 1 }).count(), path).toBe(1);
      expect(await widthOf(page), path).toBe(PHONE.width);
    }
    for (const path of [
      '/source/examples/service/observed-requests.ts.html',
      '/api/index.html',
      CREATE_APP_ATTEST,
      '/inspect/',
    ]) {
      await page.goto(site.origin + path);
      expect(await widthOf(page), path).toBe(PHONE.width);
    }
    expect(complaints).toEqual([]);
    await close();
  });

  it('has a menu on a phone that leads to another page', async () => {
    const { page, complaints, close } = await open('/keys.html', { viewport: PHONE });
    await page.getByRole('button', { name: 'Menu' }).click();
    await page.getByRole('link', { name: 'Security model' }).click();
    await page.getByRole('heading', { name: 'Security model', level: 1 }).waitFor();
    expect(complaints).toEqual([]);
    await close();
  });
});
