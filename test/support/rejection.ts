import { expect } from 'vitest';
import { AppAttestError, type AppAttestErrorCode } from '../../src/index.js';

/** What a rejected promise or a throwing function threw; fails the test where it did not, or threw anything else. */
export async function rejectionOf(attempt: () => unknown): Promise<AppAttestError> {
  let outcome: unknown;
  try {
    outcome = await attempt();
  } catch (error) {
    expect(error).toBeInstanceOf(AppAttestError);
    if (error instanceof AppAttestError) return error;
    throw error;
  }
  return expect.fail(`accepted: ${JSON.stringify(outcome)}`);
}

export async function expectCode(attempt: () => unknown, code: AppAttestErrorCode): Promise<AppAttestError> {
  const error = await rejectionOf(attempt);
  expect(error.code, error.message).toBe(code);
  return error;
}
