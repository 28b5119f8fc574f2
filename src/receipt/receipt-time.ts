import { AppAttestError } from '../errors.js';
import { readSeconds } from '../options/seconds.js';
import type { ReceiptPayload } from './receipt-payload.js';

/**
 * How far the clock of this server may lag behind Apple's, in milliseconds. Receipts of attestations are created in the
 * very second in which they arrive.
 */
const CLOCK_TOLERANCE = 5 * 60 * 1000;

/**
 * The option `maxAge`, in seconds; no limit where there is none.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readMaxAge(maxAge: unknown): number {
  if (maxAge === undefined) return Number.POSITIVE_INFINITY;
  return readSeconds('maxAge', maxAge);
}

/**
 * Apple: Assessing fraud risk, field 21. A receipt from the future is no better than one from the past, and one that
 * expires before it was created was never valid.
 *
 * @throws AppAttestError `receipt_expired`
 */
export function assertNotExpired({ creationTime, expirationTime }: ReceiptPayload, date: Date): void {
  if (date > expirationTime) {
    throw new AppAttestError('receipt_expired', 'the receipt has expired', {
      expected: `a date up to ${expirationTime.toISOString()}`,
      actual: date.toISOString(),
    });
  }
  if (expirationTime < creationTime) {
    throw new AppAttestError('receipt_expired', 'the receipt expires before it was created', {
      expected: `an expiration from ${creationTime.toISOString()}`,
      actual: expirationTime.toISOString(),
    });
  }
  if (creationTime.getTime() - date.getTime() > CLOCK_TOLERANCE) {
    throw new AppAttestError('receipt_expired', 'the receipt is not valid yet: it was created later', {
      expected: `a date from ${creationTime.toISOString()}`,
      actual: date.toISOString(),
    });
  }
}

/**
 * Apple: Assessing fraud risk, field 12.
 *
 * @param maxAge Seconds
 * @throws AppAttestError `receipt_too_old`
 */
export function assertAge({ creationTime }: ReceiptPayload, maxAge: number, date: Date): void {
  const age = (date.getTime() - creationTime.getTime()) / 1000;
  if (age <= maxAge) return;
  throw new AppAttestError('receipt_too_old', 'the receipt was created too long ago', {
    expected: `at most ${maxAge} seconds`,
    actual: `${age} seconds`,
  });
}
