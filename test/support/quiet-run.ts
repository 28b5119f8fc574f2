// A successful test must print nothing, because unexpected output would hide important output. If a test causes a process warning
// or console output, the test must replace the function that prints.
import { afterAll, expect } from 'vitest';

const printed: string[] = [];

/** Different versions of Node.js deprecate different dependencies, so tests cannot expect these warnings. */
const OF_NODE: readonly string[] = ['DeprecationWarning', 'ExperimentalWarning'];

function onWarning(warning: Error): void {
  if (!OF_NODE.includes(warning.name)) printed.push(String(warning));
}

process.on('warning', onWarning);
const original = { ...console };
for (const method of ['log', 'info', 'warn', 'error'] as const) {
  const print = console[method].bind(console);
  console[method] = (...values: unknown[]) => {
    printed.push(values.map(String).join(' '));
    print(...values);
  };
}

afterAll(() => {
  process.off('warning', onWarning);
  Object.assign(console, original);
  expect(printed, 'process warnings and console output that no test expected').toEqual([]);
});
