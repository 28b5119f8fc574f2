import { AppAttestError, shortValue } from '../errors.js';

/**
 * Checks an option that is a time in seconds. Fractions are allowed.
 *
 * @param name The name of the option, for the error message
 * @param most The longest allowed time, in seconds
 * @throws AppAttestError `invalid_argument`
 */
export function readSeconds(name: string, seconds: unknown, most = Number.POSITIVE_INFINITY): number {
  if (typeof seconds === 'number' && seconds > 0 && seconds <= most) return seconds;
  const limit = Number.isFinite(most) ? ` and at most ${most}` : '';
  throw new AppAttestError(
    'invalid_argument',
    `${name} must be a number of seconds, greater than 0${limit}, not ${shortValue(seconds)}`,
  );
}
