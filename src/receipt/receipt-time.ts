import { AppAttestError } from '../errors.js';
import { readSeconds } from '../options/seconds.js';
import type { ReceiptPayload } from './receipt-payload.js';

/**
 * How far the clock of this server may be behind Apple's clock, in milliseconds. Even a small difference matters, because the
 * server receives the receipt of an attestation within seconds of its creation.
 */
const CLOCK_TOLERANCE = 5 * 60 * 1000;

/**
 * Checks the option `maxAge`, in seconds. Without this option, there is no limit.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readMaxAge(maxAge: unknown): number {
  if (maxAge === undefined) return Number.POSITIVE_INFINITY;
  return readSeconds('maxAge', maxAge);
}

/**
 * Rejects an expired receipt (Apple: Assessing fraud risk, field 21). Also rejects a receipt that was created more than five
 * minutes after `date`, or that expires before its creation.
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
    throw new AppAttestError('receipt_expired', 'the receipt expires before its creation', {
      expected: `an expiration at or after ${creationTime.toISOString()}`,
      actual: expirationTime.toISOString(),
    });
  }
  if (creationTime.getTime() - date.getTime() > CLOCK_TOLERANCE) {
    throw new AppAttestError('receipt_expired', 'the receipt is not valid yet: it was created in the future', {
      expected: `a date at or after ${creationTime.toISOString()}`,
      actual: date.toISOString(),
    });
  }
}

/**
 * Rejects a receipt that is older than `maxAge`. Apple: Assessing fraud risk, field 12.
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
