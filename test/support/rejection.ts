import { expect } from 'vitest';
import { DecodingError } from '../../src/encoding/decoding-error.js';
import { AppAttestError, type AppAttestErrorCode } from '../../src/index.js';

/**
 * Returns the `AppAttestError` that a function throws or with which its promise rejects. The test fails if there is no error,
 * or if the error is not an `AppAttestError`.
 */
export async function rejectionOf(attempt: () => unknown): Promise<AppAttestError> {
  let outcome: unknown;
  try {
    outcome = await attempt();
  } catch (error) {
    if (!(error instanceof AppAttestError)) throw error;
    // Decoders convert any exception into a malformed_… error. Its cause must be a DecodingError. Any other cause
    // is a bug.
    if (error.code.startsWith('malformed_')) expect(error.cause).toBeInstanceOf(DecodingError);
    return error;
  }
  return expect.fail(`expected an AppAttestError, but the result was ${JSON.stringify(outcome)}`);
}

export async function expectCode(attempt: () => unknown, code: AppAttestErrorCode): Promise<AppAttestError> {
  const error = await rejectionOf(attempt);
  expect(error.code, error.message).toBe(code);
  return error;
}
