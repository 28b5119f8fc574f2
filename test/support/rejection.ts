import { expect } from 'vitest';
import { DecodingError } from '../../src/encoding/decoding-error.js';
import { AppAttestError, type AppAttestErrorCode } from '../../src/index.js';

/** What a rejected promise or a throwing function threw; fails the test where it did not, or threw anything else. */
export async function rejectionOf(attempt: () => unknown): Promise<AppAttestError> {
  let outcome: unknown;
  try {
    outcome = await attempt();
  } catch (error) {
    if (!(error instanceof AppAttestError)) throw error;
    // The decoders turn any exception into a malformed_… code; none of ours may need that safety net.
    if (error.code.startsWith('malformed_')) expect(error.cause).toBeInstanceOf(DecodingError);
    return error;
  }
  return expect.fail(`accepted: ${JSON.stringify(outcome)}`);
}

export async function expectCode(attempt: () => unknown, code: AppAttestErrorCode): Promise<AppAttestError> {
  const error = await rejectionOf(attempt);
  expect(error.code, error.message).toBe(code);
  return error;
}
