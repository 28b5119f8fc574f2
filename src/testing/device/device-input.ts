import { isBytes } from '../../encoding/bytes.js';
import { AppAttestError, shortValue } from '../../errors.js';

/**
 * Text that a test passed. Without it, the device would sign the text "undefined", and the test would fail elsewhere.
 *
 * @param name The option and its function, for the error message
 * @throws AppAttestError `invalid_argument`
 */
export function readText(name: string, text: unknown): string {
  if (typeof text === 'string') return text;
  throw notAccepted(`${name} must be text`, text);
}

/**
 * The client data hash that a test passed to `attestKey` or `generateAssertion`. As on real devices, any bytes.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readPassedHash(clientDataHash: unknown): Uint8Array {
  if (isBytes(clientDataHash)) return clientDataHash;
  throw notAccepted('clientDataHash must be a Uint8Array', clientDataHash);
}

/** Creates the error for input that a test must correct: what was expected, and what came. */
export function notAccepted(expected: string, value: unknown): AppAttestError {
  return new AppAttestError('invalid_argument', `${expected}, not ${shortValue(value)}`);
}
