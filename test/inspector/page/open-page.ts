import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

/** The URL of the page that `npm run build` writes. */
export const pageUrl = new URL('../../../dist/inspector/index.html', import.meta.url);

export interface OpenedPage {
  readonly page: Page;
  /** The URLs of all requests except the page itself. */
  readonly requests: readonly string[];
  /** Errors in the page, and messages on its console. */
  readonly complaints: readonly string[];
}

/** Opens the page from disk, without a network. */
export async function openPage(
  browser: Browser,
  options: BrowserContextOptions = {},
  fragment = '',
): Promise<OpenedPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options, offline: true });
  const page = await context.newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(pageUrl.href + fragment);
  // The first request is the page itself.
  if (!requests.shift()?.startsWith(`file://${fileURLToPath(pageUrl)}`))
    throw new Error('the first request was not for the page');
  return { page, requests, complaints };
}

/** Fills a text field as a paste does. */
export async function paste(page: Page, text: string, label = /^Evidence/): Promise<void> {
  await page.getByLabel(label).fill(text);
}
