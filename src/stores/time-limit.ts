import { AppAttestError } from '../errors.js';

const DEFAULT = 5000;
/** The longest that a timer can run. */
const MAX = 2 ** 31 - 1;

/**
 * How long a store waits for its database, in milliseconds.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readTimeLimit(timeout = DEFAULT): number {
  if (Number.isSafeInteger(timeout) && timeout > 0 && timeout <= MAX) return timeout;
  throw new AppAttestError('invalid_argument', 'timeout must be a positive integer of milliseconds');
}

/**
 * The answer, or a rejection once it takes too long: clients may wait for ever on a connection that is open and dead.
 * The database may still do what it was asked to.
 */
export async function withinTimeLimit<Answer>(timeout: number, answer: Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the store did not answer within ${timeout} ms`)), timeout);
  });
  try {
    return await Promise.race([answer, limit]);
  } finally {
    clearTimeout(timer);
  }
}
