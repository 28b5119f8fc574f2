import { AppAttestError } from '../errors.js';
import { AppAttestHttpError } from './http-error.js';
import { type RejectionCode, STATUS } from './status.js';

/** Why a request is rejected. */
export interface Failure {
  readonly error: AppAttestError | AppAttestHttpError;
  readonly code: RejectionCode;
  /** Seconds. */
  readonly retryAfter: number | undefined;
}

/**
 * Maps a thrown value to its code. Anything that is not an error of this package comes from a store or from a function
 * in the options. Never throws, even if the value is a symbol, an object without a prototype, or a proxy whose traps
 * throw.
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
  const message = `a store or a function in the options failed: ${textOf(thrown)}`;
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
