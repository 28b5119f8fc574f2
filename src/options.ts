import { AppAttestError } from './errors.js';

/**
 * Makes a call without its options object fail like any other wrong call.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function assertOptions(options: unknown): void {
  if (typeof options === 'object' && options !== null) return;
  throw new AppAttestError('invalid_argument', 'options must be an object');
}
