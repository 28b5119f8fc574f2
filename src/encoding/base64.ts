import { DecodingError } from './decoding-error.js';

/**
 * Decodes base64 (RFC 4648 §4) or base64url (RFC 4648 §5), with or without padding. White space, non-zero bits after the last
 * byte, and a mix of the two alphabets are rejected. Two different texts with the same alphabet and padding never decode to
 * the same bytes.
 *
 * @throws DecodingError
 */
export function decodeBase64(text: string): Buffer {
  const alphabet = text.includes('-') || text.includes('_') ? 'base64url' : 'base64';
  const bytes = Buffer.from(text, alphabet);
  // Buffer.from skips invalid characters. If it skipped any, encoding the bytes again gives a different text.
  if (withoutPadding(bytes.toString(alphabet)) !== withoutPadding(text)) {
    throw new DecodingError('not valid base64 or base64url');
  }
  return bytes;
}

/** Removes correct padding. Wrong padding stays, so the comparison in {@link decodeBase64} fails. */
function withoutPadding(text: string): string {
  if (text.length % 4 !== 0) return text;
  if (text.endsWith('==')) return text.slice(0, -2);
  return text.endsWith('=') ? text.slice(0, -1) : text;
}

/** The length of the base64 text, with padding, that encodes `byteLength` bytes. */
export function maxBase64Length(byteLength: number): number {
  return Math.ceil(byteLength / 3) * 4;
}

/** Encodes bytes as base64 with padding. Apple and the stores use this form for key identifiers. */
export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
