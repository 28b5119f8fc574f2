import { decodeBase64, maxBase64Length } from '../encoding/base64.js';
import { asBuffer, copyBytes, isBytes } from '../encoding/bytes.js';
import { DecodingError } from '../encoding/decoding-error.js';
import { isBase64, mistakenEncoding } from '../encoding/mistaken-encoding.js';
import { AppAttestError } from '../errors.js';

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
  const bytes = decodeBytes(evidence, maxLength);
  const mistake = typeof evidence === 'string' ? mistakenEncoding(evidence, asBuffer(bytes)) : undefined;
  if (mistake !== undefined) throw new DecodingError(mistake);
  if (isBase64(asBuffer(bytes))) throw new DecodingError('the bytes are base64 text, not what it stands for');
  return bytes;
}

/**
 * Bytes that are not looked at here. Never empty.
 *
 * @throws DecodingError
 */
export function decodeBytes(evidence: KeptEvidence, maxLength: number): Uint8Array {
  const bytes = typeof evidence === 'string' ? decodeText(evidence, maxBase64Length(maxLength)) : evidence;
  assertLength(bytes.length, maxLength);
  if (bytes.length === 0) throw new DecodingError('it is empty');
  return bytes;
}

function decodeText(text: string, maxLength: number): Uint8Array {
  assertLength(text.length, maxLength);
  try {
    return decodeBase64(text);
  } catch (cause) {
    throw new DecodingError(mistakenEncoding(text) ?? 'not valid base64 or base64url', { cause });
  }
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
