import { AppAttestError } from '../errors.js';
import { AppAttestHttpError } from './http-error.js';
import { type RejectionCode, STATUS } from './status.js';

/** Why a request is refused. */
export interface Failure {
  readonly error: AppAttestError | AppAttestHttpError;
  readonly code: RejectionCode;
  /** Seconds. */
  readonly retryAfter: number | undefined;
}

/**
 * Gives anything that was thrown its code. What neither evidence nor HTTP explains, a store or a function in the options
 * did. Never throws, whatever they threw: a symbol, an object without a prototype, a proxy that throws at each question.
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
  const message = `a store, or a function in the options, failed: ${textOf(thrown)}`;
  const error = new AppAttestHttpError('unavailable', message, thrown);
  return { error, code: error.code, retryAfter: undefined };
}

function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return `a ${typeof thrown} that has no text`;
  }
}
