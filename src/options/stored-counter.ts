import { AppAttestError, shortValue } from '../errors.js';

const MAX_COUNTER = 0xffff_ffff;

/**
 * Checks the option `counter`: the last accepted counter, which the server has stored. The option has no default. With a
 * default, the counter check would have no effect if the server does not pass the counter.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readStoredCounter(counter: unknown): number {
  if (typeof counter === 'number' && Number.isInteger(counter) && counter >= 0 && counter <= MAX_COUNTER) {
    return counter;
  }
  throw new AppAttestError(
    'invalid_argument',
    `counter must be the last accepted counter, an integer from 0 to 2^32 - 1, not ${shortValue(counter)}`,
  );
}
