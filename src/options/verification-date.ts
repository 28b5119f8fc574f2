import { isDate } from 'node:util/types';
import { AppAttestError, shortValue } from '../errors.js';

/**
 * Checks the option `date`: the time at which evidence must be valid. The default is the current time.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readVerificationDate(date: unknown): Date {
  if (date === undefined) return new Date();
  if (isDate(date) && !Number.isNaN(date.getTime())) return new Date(date);
  throw new AppAttestError(
    'invalid_argument',
    `date must be a valid Date, not ${isDate(date) ? 'an invalid Date' : shortValue(date)}`,
  );
}
