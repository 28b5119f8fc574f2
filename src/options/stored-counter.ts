import { AppAttestError } from '../errors.js';

const MAX_COUNTER = 0xffff_ffff;

/**
 * The option `counter`: the last accepted counter, as the server stored it. There is no default: a counter check that is
 * silently skipped is the most common hole in App Attest servers.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readStoredCounter(counter: unknown): number {
  if (typeof counter === 'number' && Number.isInteger(counter) && counter >= 0 && counter <= MAX_COUNTER) {
    return counter;
  }
  throw new AppAttestError(
    'invalid_argument',
    'counter must be the last accepted counter, an integer from 0 to 2^32 - 1',
  );
}
