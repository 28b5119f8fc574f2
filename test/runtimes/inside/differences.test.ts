import { expect, it } from 'vitest';
import { differences } from '../differences.js';
import { isExpected } from '../expected-differences.js';
import { runningRuntime } from '../running-runtime.js';
import { runtimes } from '../runtime.js';

const name = runtimes.find(({ identity }) => identity === runningRuntime())?.name ?? '';

it.each(Object.entries(differences))('this runtime matches expected-differences.ts: %s', (statement, isSo) => {
  expect(isSo()).toBe(isExpected(statement, name));
});
