import { decodeBase64, maxBase64Length } from '../encoding/base64.js';
import { asBuffer, copyBytes, isBytes } from '../encoding/bytes.js';
import { DecodingError } from '../encoding/decoding-error.js';
import { isBase64, mistakenEncoding } from '../encoding/mistaken-encoding.js';
import { AppAttestError, shortValue } from '../errors.js';

/** Evidence that no other code can change: text, or a copy of bytes. */
export type KeptEvidence = string | Uint8Array;

/**
 * Checks the type of evidence and keeps the evidence for later decoding. Text is returned unchanged. Bytes are copied,
 * because the caller or another thread may change them. At most `maxLength + 1` bytes are copied. With this extra byte,
 * {@link decodeEvidence} can still reject evidence that is too long.
 *
 * @param name The name of the option, for the error message
 * @throws AppAttestError `invalid_argument`
 */
export function keepEvidence(evidence: unknown, name: string, maxLength: number): KeptEvidence {
  if (typeof evidence === 'string') return evidence;
  if (isBytes(evidence)) return copyOf(evidence, name, maxLength + 1);
  throw new AppAttestError(
    'invalid_argument',
    `${name} must be base64 text or a Uint8Array, not ${shortValue(evidence)}`,
  );
}

/**
 * Copies bytes that a caller passed, because the caller or another thread may change them.
 *
 * @param name The name of the option, for the error message
 * @throws AppAttestError `invalid_argument` if the ArrayBuffer is detached, or has shrunk so far that it no longer contains
 *   all the bytes
 */
export function copyOf(bytes: Uint8Array, name: string, maxLength?: number): Uint8Array {
  try {
    return copyBytes(bytes, maxLength);
  } catch (cause) {
    throw new AppAttestError('invalid_argument', `the ArrayBuffer of ${name} is detached or has shrunk`, {
      cause,
    });
  }
}

/**
 * Decodes evidence to bytes. Text must be base64 or base64url. The length is checked before anything is decoded.
 *
 * @throws DecodingError
 */
export function decodeEvidence(evidence: KeptEvidence, maxLength: number): Uint8Array {
  const bytes = decodeBytes(evidence, maxLength);
  const mistake = typeof evidence === 'string' ? mistakenEncoding(evidence, asBuffer(bytes)) : undefined;
  if (mistake !== undefined) throw new DecodingError(mistake);
  if (isBase64(asBuffer(bytes))) throw new DecodingError('the bytes are base64 text that was not decoded');
  return bytes;
}

/**
 * Like {@link decodeEvidence}, but does not look for encoding mistakes. So this function accepts hex text, and text that was
 * encoded as base64 twice, because both are valid base64. The result is never empty.
 *
 * @throws DecodingError
 */
export function decodeBytes(evidence: KeptEvidence, maxLength: number): Uint8Array {
  const bytes = typeof evidence === 'string' ? decodeText(evidence, maxBase64Length(maxLength)) : evidence;
  assertLength(bytes.length, maxLength);
  if (bytes.length === 0) throw new DecodingError('the value is empty');
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
 * Checks the type of evidence that a caller passed, and decodes the evidence.
 *
 * @throws AppAttestError `invalid_argument`
 * @throws DecodingError
 */
export function readEvidence(evidence: unknown, name: string, maxLength: number): Uint8Array {
  return decodeEvidence(keepEvidence(evidence, name, maxLength), maxLength);
}

function assertLength(length: number, maxLength: number): void {
  if (length > maxLength) throw new DecodingError(`the value is longer than ${maxLength} bytes or characters`);
}
