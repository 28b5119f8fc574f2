import { AppAttestError } from '../errors.js';
import { readSeconds } from '../options/seconds.js';
import type { ReceiptPayload } from './receipt-payload.js';

/**
 * How far the clock of this server may lag behind Apple's, in milliseconds. The receipt of an attestation is created in
 * the same second in which it arrives.
 */
const CLOCK_TOLERANCE = 5 * 60 * 1000;

/**
 * The option `maxAge`, in seconds; no limit by default.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readMaxAge(maxAge: unknown): number {
  if (maxAge === undefined) return Number.POSITIVE_INFINITY;
  return readSeconds('maxAge', maxAge);
}

/**
 * Apple: Assessing fraud risk, field 21. Also rejects a receipt from the future, and one that expires before it was
 * created.
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
      expected: `an expiration not before ${creationTime.toISOString()}`,
      actual: expirationTime.toISOString(),
    });
  }
  if (creationTime.getTime() - date.getTime() > CLOCK_TOLERANCE) {
    throw new AppAttestError('receipt_expired', 'the receipt is not valid yet: it was created in the future', {
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
