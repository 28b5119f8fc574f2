import { AppAttestError } from '../errors.js';
import { AppAttestHttpError } from './http-error.js';
import { type RejectionCode, STATUS } from './status.js';

/** The reason for the rejection of a request. */
export interface Failure {
  readonly error: AppAttestError | AppAttestHttpError;
  readonly code: RejectionCode;
  /** Seconds. */
  readonly retryAfter: number | undefined;
}

/**
 * Converts a thrown value to a rejection. If the value is not an error of this package, a store or a function in the options
 * threw it. The code is then `unavailable`. This function never throws, even if the value is a symbol, an object without a
 * prototype, or a proxy whose traps throw.
 */
export function failureOf(thrown: unknown): Failure {
  return known(thrown) ?? unavailable(thrown);
}

function known(thrown: unknown): Failure | undefined {
  try {
    if (!(thrown instanceof AppAttestError || thrown instanceof AppAttestHttpError)) return undefined;
    const { code } = thrown;
    if (!Object.hasOwn(STATUS, code)) return undefined;
    return { error: thrown, code, retryAfter: thrown instanceof AppAttestError ? thrown.retryAfter : undefined };
  } catch {
    return undefined;
  }
}

function unavailable(thrown: unknown): Failure {
  const message = `a store or a function in the options threw an error: ${textOf(thrown)}`;
  const error = new AppAttestHttpError('unavailable', message, thrown);
  return { error, code: error.code, retryAfter: undefined };
}

function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return `a ${typeof thrown} that cannot be converted to text`;
  }
}
