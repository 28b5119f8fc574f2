import { DecodingError } from './decoding-error.js';

/**
 * Decodes base64 (RFC 4648 §4) or base64url (§5), with or without padding. Strict: no white space, no mixed alphabets, no
 * non-zero bits after the last byte. Each byte string has exactly one encoding per alphabet and padding, so two encodings
 * are never taken for two values.
 */
export function decodeBase64(text: string): Buffer {
  const alphabet = text.includes('-') || text.includes('_') ? 'base64url' : 'base64';
  const bytes = Buffer.from(text, alphabet);
  // Buffer.from skips invalid characters. Encoding the bytes again shows whether it skipped any.
  if (withoutPadding(bytes.toString(alphabet)) !== withoutPadding(text)) {
    throw new DecodingError('not valid base64 or base64url');
  }
  return bytes;
}

/** Removes correct padding; wrong padding stays and fails the comparison. */
function withoutPadding(text: string): string {
  if (text.length % 4 !== 0) return text;
  if (text.endsWith('==')) return text.slice(0, -2);
  return text.endsWith('=') ? text.slice(0, -1) : text;
}

/** The length of the longest text that {@link decodeBase64} decodes to at most `byteLength` bytes. */
export function maxBase64Length(byteLength: number): number {
  return Math.ceil(byteLength / 3) * 4;
}

/** Encodes base64 with padding, the form of key identifiers at Apple and in the stores. */
export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
