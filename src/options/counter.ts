import { AppAttestError } from '../errors.js';

const MAX_COUNTER = 0xffff_ffff;

/**
 * The last accepted counter, as the server stored it. There is no default: a check that quietly does not happen is the
 * most common hole in App Attest servers.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readStoredCounter(counter: unknown): number {
  if (typeof counter === 'number' && Number.isInteger(counter) && counter >= 0 && counter <= MAX_COUNTER) {
    return counter;
  }
  throw new AppAttestError('invalid_argument', 'counter must be the last accepted one, an integer from 0 to 2^32 - 1');
}

/**
 * Apple: Validating apps …, attestation step 7.
 *
 * @throws AppAttestError `counter_not_zero`
 */
export function assertCounterIsZero(counter: number): void {
  if (counter === 0) return;
  throw new AppAttestError('counter_not_zero', 'the key was used before it was attested', {
    expected: '0',
    actual: String(counter),
  });
}

/**
 * Apple: Validating apps …, assertion step 5. Gaps are normal: a request may get lost on its way.
 *
 * @throws AppAttestError `counter_not_increased`
 */
export function assertCounterIncreased(counter: number, stored: number): void {
  if (counter > stored) return;
  throw new AppAttestError('counter_not_increased', 'the assertion is a replay, or came out of order', {
    expected: `more than ${stored}`,
    actual: String(counter),
  });
}
