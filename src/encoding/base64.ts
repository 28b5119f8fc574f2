import { DecodingError } from './decoding-error.js';

/**
 * Decodes base64 (RFC 4648 §4) or base64url (§5), padded or not, but exactly: no white space, no mixed alphabets, no
 * stray bits at the end. One byte string has one spelling per alphabet and padding, so two spellings never pass as two
 * values.
 */
export function decodeBase64(text: string): Buffer {
  const alphabet = text.includes('-') || text.includes('_') ? 'base64url' : 'base64';
  const bytes = Buffer.from(text, alphabet);
  // Buffer.from skips what it does not know; encoding again shows whether it skipped anything.
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

/** The longest text that {@link decodeBase64} can turn into at most `byteLength` bytes. */
export function maxBase64Length(byteLength: number): number {
  return Math.ceil(byteLength / 3) * 4;
}

/** Plain base64 with padding, the form in which Apple and the stores keep a key identifier. */
export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
