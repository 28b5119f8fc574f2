import { decodeBase64, maxBase64Length } from './base64.js';
import { copyBytes, isBytes } from './bytes.js';
import { DecodingError } from './decoding-error.js';
import { AppAttestError } from './errors.js';

/** Evidence that cannot change any more: text, or bytes that nobody else was given. */
export type KeptEvidence = string | Uint8Array;

/**
 * Evidence that can wait to be read: text as it is, and a copy of bytes, which their owner, or another thread, may
 * change meanwhile. One byte more than is allowed is enough for {@link decodeEvidence} to refuse.
 *
 * @param name The option it came in, for the error of a caller who passed neither.
 * @throws AppAttestError `invalid_argument`
 */
export function keepEvidence(evidence: unknown, name: string, maxLength: number): KeptEvidence {
  if (typeof evidence === 'string') return evidence;
  if (isBytes(evidence)) return copyOf(evidence, name, maxLength + 1);
  throw new AppAttestError('invalid_argument', `${name} must be base64 text or a Uint8Array`);
}

/**
 * A copy of bytes that a caller passed: their owner, or another thread, may change them meanwhile.
 *
 * @param name The option that holds them
 * @throws AppAttestError `invalid_argument` where their memory is gone
 */
export function copyOf(bytes: Uint8Array, name: string, maxLength?: number): Uint8Array {
  try {
    return copyBytes(bytes, maxLength);
  } catch (cause) {
    throw new AppAttestError('invalid_argument', `${name} has no bytes any more: its memory was transferred`, {
      cause,
    });
  }
}

/**
 * The bytes of evidence, from base64 or base64url where it is text. Bounded before anything is decoded.
 *
 * @throws DecodingError
 */
export function decodeEvidence(evidence: KeptEvidence, maxLength: number): Uint8Array {
  if (typeof evidence === 'string') assertLength(evidence.length, maxBase64Length(maxLength));
  const bytes = typeof evidence === 'string' ? decodeBase64(evidence) : evidence;
  assertLength(bytes.length, maxLength);
  return bytes;
}

/**
 * Evidence as it comes in, at once.
 *
 * @throws AppAttestError `invalid_argument`
 * @throws DecodingError
 */
export function readEvidence(evidence: unknown, name: string, maxLength: number): Uint8Array {
  return decodeEvidence(keepEvidence(evidence, name, maxLength), maxLength);
}

function assertLength(length: number, maxLength: number): void {
  if (length > maxLength) throw new DecodingError(`longer than ${maxLength} bytes or characters`);
}
