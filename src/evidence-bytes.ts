import { decodeBase64, maxBase64Length } from './base64.js';
import { isBytes } from './bytes.js';
import { DecodingError } from './decoding-error.js';
import { AppAttestError } from './errors.js';

/**
 * Evidence as it comes in: bytes, or base64 or base64url text. Bounded before anything is decoded.
 *
 * @param name The option it came in, for the error of a caller who passed neither.
 */
export function readEvidence(evidence: unknown, name: string, maxLength: number): Uint8Array {
  if (isBytes(evidence)) {
    assertLength(evidence.length, maxLength);
    // A copy: memory that another thread shares could change between two checks.
    return new Uint8Array(evidence);
  }
  if (typeof evidence === 'string') {
    assertLength(evidence.length, maxBase64Length(maxLength));
    const bytes = decodeBase64(evidence);
    assertLength(bytes.length, maxLength);
    return bytes;
  }
  throw new AppAttestError('invalid_argument', `${name} must be base64 text or a Uint8Array`);
}

function assertLength(length: number, maxLength: number): void {
  if (length > maxLength) throw new DecodingError(`longer than ${maxLength} bytes or characters`);
}
