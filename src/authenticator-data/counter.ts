import { AppAttestError } from '../errors.js';

/**
 * The counter of an attestation must be 0. Apple: Validating apps that connect to your server, attestation step 7.
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
 * The counter of an assertion must be greater than the stored counter. Gaps are normal, because requests may get lost. Apple:
 * Validating apps that connect to your server, assertion step 5.
 *
 * @throws AppAttestError `counter_not_increased`
 */
export function assertCounterIncreased(counter: number, stored: number): void {
  if (counter > stored) return;
  throw new AppAttestError('counter_not_increased', 'the assertion is a replay or arrived out of order', {
    expected: `more than ${stored}`,
    actual: String(counter),
  });
}
