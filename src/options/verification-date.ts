import { isDate } from 'node:util/types';
import { AppAttestError } from '../errors.js';

/**
 * The option `date`: the time at which evidence must be valid, now by default.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readVerificationDate(date: unknown): Date {
  if (date === undefined) return new Date();
  if (isDate(date) && !Number.isNaN(date.getTime())) return new Date(date);
  throw new AppAttestError('invalid_argument', 'date must be a valid Date');
}
