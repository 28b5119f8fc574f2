import { availableParallelism } from 'node:os';
import { expect, it } from 'vitest';
import { countProcessors } from '../src/processors.js';

it('counts the processors that this process may use', () => {
  expect(countProcessors()).toBe(availableParallelism());
});

it('counts none in a Worker, which has none to share', () => {
  expect(countProcessors({ navigator: { userAgent: 'Cloudflare-Workers' }, process })).toBe(0);
  expect(countProcessors({ navigator: { userAgent: 'Node.js/26' }, process })).toBe(availableParallelism());
});

it('counts none where it cannot ask', () => {
  expect(countProcessors({ process: {} })).toBe(0);
  expect(countProcessors({ process: { getBuiltinModule: () => undefined } })).toBe(0);
});
