// A green run prints nothing: output that nobody expects hides the output that matters. A test that causes a warning, or
// a line on the console, expects it.
import { afterAll, expect } from 'vitest';

const printed: string[] = [];

/** Dependencies are deprecated by one version of Node.js or another, which no test can expect. */
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
  expect(printed, 'the tests printed').toEqual([]);
});
