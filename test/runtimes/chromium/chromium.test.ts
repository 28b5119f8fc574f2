import { afterAll } from 'vitest';
import { startChromium } from '../../inspector/chromium.js';
import { fromJson, type Outcome, toJson } from '../recorded/calls.js';
import { type OutcomesThere, testRecordedCalls } from '../recorded/same-outcomes.js';
import { bundleForPage } from './bundle-page.js';

const chromium = await startChromium();
afterAll(() => chromium.close());
const page = await chromium.newPage();
await page.addScriptTag({ type: 'module', content: await bundleForPage('core-in-page.ts') });
// A module runs some time after it was added.
await page.waitForFunction('typeof respond === "function"');

const outcomesInPage: OutcomesThere = async (calls) => {
  return fromJson<Outcome[]>(await page.evaluate(`respond(${JSON.stringify(toJson(calls))})`));
};

testRecordedCalls('Chromium', outcomesInPage);
