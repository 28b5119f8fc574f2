import { DecodingError } from '../encoding/decoding-error.js';
import { readDer } from '../encoding/der.js';
import { Tag } from '../encoding/der-values.js';

/** Key usages: bits of the result of {@link readKeyUsage}. RFC 5280 §4.2.1.3. */
export const KeyUsage = { digitalSignature: 1 << 0, keyCertSign: 1 << 5 } as const;

/** The highest bit in RFC 5280, decipherOnly, is bit 8. So two octets are enough. */
const MAX_OCTETS = 2;

/**
 * Decodes the key usage extension, a BIT STRING. Its first bit becomes the lowest bit of the result. X.690 §11.2.2 forbids
 * trailing zero bits, and RFC 5280 requires at least one bit to be set. So the last used bit must be 1.
 *
 * @throws DecodingError
 */
export function readKeyUsage(extension: Uint8Array): number {
  const { tag, contents, end } = readDer(extension);
  const octets = end - contents - 1;
  const unused = extension[contents] ?? 0;
  const last = extension[end - 1] ?? 0;
  const isNamedBits = octets <= MAX_OCTETS && (last >> unused) % 2 === 1;
  if (tag !== Tag.BitString || !isNamedBits) {
    throw new DecodingError('the key usage extension is not a valid BIT STRING of key usages');
  }
  let usage = 0;
  for (let offset = end - 1; offset > contents; offset -= 1) usage = (usage << 8) | reversed(extension[offset] ?? 0);
  return usage;
}

function reversed(octet: number): number {
  let bits = 0;
  for (let bit = 0; bit < 8; bit += 1) bits |= ((octet >> bit) & 1) << (7 - bit);
  return bits;
}
