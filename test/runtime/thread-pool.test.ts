import { afterEach, expect, it, vi } from 'vitest';
import { threadPoolSize } from '../../src/runtime/thread-pool.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

it.each([
  [undefined, 4],
  ['', 4],
  ['1', 1],
  ['8', 8],
  ['008', 8],
  ['1024', 1024],
  ['1025', 1024],
  ['9'.repeat(400), 1024],
  ['0', 4],
  ['-8', 4],
  ['1.5', 4],
  ['8 threads', 4],
  ['0x10', 4],
])('if UV_THREADPOOL_SIZE is %j, threadPoolSize returns %i', (value, size) => {
  vi.stubEnv('UV_THREADPOOL_SIZE', value);
  expect(threadPoolSize()).toBe(size);
});

it('threadPoolSize returns the default size if there is no global process', () => {
  vi.stubEnv('UV_THREADPOOL_SIZE', '8');
  vi.stubGlobal('process', undefined);
  const size = threadPoolSize();
  vi.unstubAllGlobals();
  expect(size).toBe(4);
});
