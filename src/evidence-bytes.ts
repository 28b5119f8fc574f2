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

/**
 * Evidence that can wait to be read: text as it is, and a copy of bytes, which their owner may change meanwhile. One
 * byte more than {@link readEvidence} allows is enough for it to refuse.
 */
export function keepEvidence(evidence: unknown, maxLength: number): unknown {
  return isBytes(evidence) ? new Uint8Array(evidence.subarray(0, maxLength + 1)) : evidence;
}

function assertLength(length: number, maxLength: number): void {
  if (length > maxLength) throw new DecodingError(`longer than ${maxLength} bytes or characters`);
}
