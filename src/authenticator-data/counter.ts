import { AppAttestError } from '../errors.js';

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
 * Apple: Validating apps …, assertion step 5. Gaps are normal: requests may get lost.
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
