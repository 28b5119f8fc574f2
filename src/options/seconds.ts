import { AppAttestError } from '../errors.js';

/**
 * A time in seconds, as a caller passed it. Fractions are allowed.
 *
 * @param name The option it came in, for the message
 * @param most The longest one that is allowed
 * @throws AppAttestError `invalid_argument`
 */
export function readSeconds(name: string, seconds: unknown, most = Number.POSITIVE_INFINITY): number {
  if (typeof seconds === 'number' && seconds > 0 && seconds <= most) return seconds;
  const limit = Number.isFinite(most) ? ` and at most ${most}` : '';
  throw new AppAttestError('invalid_argument', `${name} must be a number of seconds, more than 0${limit}`);
}
