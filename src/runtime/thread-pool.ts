import { environmentVariable } from './environment-variable.js';

/** Of libuv: what there is by default, and the most that there can be. */
const DEFAULT_SIZE = 4;
const MAX_SIZE = 1024;

/**
 * How many threads the pool has that signatures are verified in: `UV_THREADPOOL_SIZE`, as it was set before the process
 * started. Where it is no positive integer, or there is no such pool (Workers), the default.
 *
 * @see https://docs.libuv.org/en/v1.x/threadpool.html
 */
export function threadPoolSize(): number {
  const size = environmentVariable('UV_THREADPOOL_SIZE') ?? '';
  return /^0*[1-9]\d*$/.test(size) ? Math.min(Number(size), MAX_SIZE) : DEFAULT_SIZE;
}
