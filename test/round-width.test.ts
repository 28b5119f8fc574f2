import { availableParallelism } from 'node:os';
import { expect, it, vi } from 'vitest';
import { roundWidth } from '../src/round-width.js';

const runtimeOf = (processors: number) => ({ getBuiltinModule: () => ({ availableParallelism: () => processors }) });

it('is the number of processors, up to the threads of the pool and one more', () => {
  expect([2, 3, 4, 5, 6, 64].map((processors) => roundWidth(runtimeOf(processors)))).toEqual([2, 3, 4, 5, 5, 5]);
  expect(roundWidth()).toBe(roundWidth(runtimeOf(availableParallelism())));
});

it('is 0 where there are not two processors, or none can be counted', () => {
  expect([1, 0, -1, Number.NaN].map((processors) => roundWidth(runtimeOf(processors)))).toEqual([0, 0, 0, 0]);
  expect(roundWidth({})).toBe(0);
  vi.stubGlobal('process', {});
  const width = roundWidth();
  vi.unstubAllGlobals();
  expect(width).toBe(0);
  expect(roundWidth({ getBuiltinModule: () => undefined })).toBe(0);
  expect(roundWidth({ getBuiltinModule: () => ({}) })).toBe(0);
});

it('is 0 in a Worker, and only there', () => {
  const withNavigator = (userAgent: string) => roundWidth({ ...runtimeOf(2), navigator: { userAgent } });
  expect(withNavigator('Cloudflare-Workers')).toBe(0);
  expect(withNavigator('Node.js/26')).toBe(2);
});
