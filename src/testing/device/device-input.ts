import { isBytes } from '../../encoding/bytes.js';
import { AppAttestError, shortValue } from '../../errors.js';

/**
 * Checks text that a test passed. Without this check, the device would sign the text "undefined", and the test would fail
 * somewhere else.
 *
 * @param name The names of the option and its function, for the error message
 * @throws AppAttestError `invalid_argument`
 */
export function readText(name: string, text: unknown): string {
  if (typeof text === 'string') return text;
  throw notAccepted(`${name} must be text`, text);
}

/**
 * Checks the client data hash that a test passed to `attestKey` or `generateAssertion`. Any bytes are accepted, as on real
 * devices.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readPassedHash(clientDataHash: unknown): Uint8Array {
  if (isBytes(clientDataHash)) return clientDataHash;
  throw notAccepted('clientDataHash must be a Uint8Array', clientDataHash);
}

/** Creates the error for a wrong value that a test passed. The message states the expected value and the passed value. */
export function notAccepted(expected: string, value: unknown): AppAttestError {
  return new AppAttestError('invalid_argument', `${expected}, not ${shortValue(value)}`);
}
