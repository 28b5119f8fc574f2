import { expect, it } from 'vitest';
import { differences } from '../differences.js';
import { documentedDifferences, inWords } from '../documentation.js';
import { runningRuntime } from '../running-runtime.js';
import { runtimes } from '../runtime.js';

const runtime = runtimes.find(({ identity }) => identity === runningRuntime());
const documented = documentedDifferences(runtime?.name ?? '');

it.each(Object.entries(differences))('as documented or not, it %s', (statement, isSo) => {
  expect(inWords(isSo())).toBe(documented[statement]);
});
