import { environmentVariable } from './environment-variable.js';

/** The default and the maximum size of libuv's thread pool. */
const DEFAULT_SIZE = 4;
const MAX_SIZE = 1024;

/**
 * The number of threads in libuv's pool, which verifies signatures. The environment variable `UV_THREADPOOL_SIZE` sets this
 * number. If the variable is missing or is not a positive integer, the result is the default. This function does not check
 * whether the runtime has such a pool.
 *
 * @see https://docs.libuv.org/en/v1.x/threadpool.html
 */
export function threadPoolSize(): number {
  const size = environmentVariable('UV_THREADPOOL_SIZE') ?? '';
  return /^0*[1-9]\d*$/.test(size) ? Math.min(Number(size), MAX_SIZE) : DEFAULT_SIZE;
}
