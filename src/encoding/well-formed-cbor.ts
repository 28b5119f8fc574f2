import { asBuffer } from './bytes.js';
import { DecodingError, EndsTooEarlyError } from './decoding-error.js';
import { isUtf8 } from './utf8.js';

/**
 * The maximum depth, which limits the recursion. The outermost item has depth 0. The certificates in an attestation have
 * depth 3.
 */
const MAX_DEPTH = 8;
/** The maximum number of data items, including map keys. The recorded attestations have 13 items, and the assertions have 5. */
const MAX_ITEMS = 256;

const MajorType = { Unsigned: 0, Negative: 1, Bytes: 2, Text: 3, Array: 4, Map: 5, Tag: 6, Simple: 7 } as const;

/**
 * Checks that the bytes are exactly one CBOR item. This check runs before a decoder processes the bytes. Most rules come from
 * RFC 8949 appendix C (well-formedness) and WebAuthn §6 (CTAP2 canonical CBOR):
 *
 * - Lengths are definite. Lengths and integers are in their shortest form.
 * - Tags are not allowed.
 * - Text is valid UTF-8 and does not begin with a byte order mark.
 * - Map keys are text or integers. No key occurs twice in a map.
 * - Of the simple values, only false, true, null and undefined are allowed. Floats are allowed.
 * - The depth and the number of items are limited.
 *
 * The order of map keys is not checked, because later operating systems may add fields at any position.
 *
 * @returns if the item is a map, the names of the fields that are unsigned integers, otherwise an empty set. The caller needs
 *   these names because, after decoding, an integer and a float are both JavaScript numbers
 * @throws DecodingError
 */
export function assertWellFormedCbor(bytes: Uint8Array): ReadonlySet<string> {
  const walk = new WellFormedness(bytes);
  const end = walk.item(0, 0);
  if (end !== bytes.length) throw new DecodingError(`${bytes.length - end} bytes after the CBOR item`);
  return walk.unsignedEntries;
}

/**
 * Checks one item, including all nested items. `item` takes the offset of an item and returns the offset after the item.
 */
class WellFormedness {
  readonly unsignedEntries = new Set<string>();
  readonly #bytes: Buffer;
  #items = 0;
  /**
   * The number in the head that was decoded last: a value, a length or a count. The head is the first one to nine bytes of an
   * item. RFC 8949 §3 calls this number the argument.
   */
  #argument = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = asBuffer(bytes);
  }

  item(offset: number, depth: number): number {
    if (depth > MAX_DEPTH) throw new DecodingError(`CBOR nested deeper than ${MAX_DEPTH} levels`);
    this.#items += 1;
    if (this.#items > MAX_ITEMS) throw new DecodingError(`more than ${MAX_ITEMS} CBOR items`);

    const initial = this.#bytes[offset];
    if (initial === undefined) throw truncated();
    const majorType = initial >> 5;
    const additional = initial & 0x1f;
    if (majorType === MajorType.Simple) return this.#simple(offset, additional);

    const next = this.#head(offset, additional);
    const argument = this.#argument;
    switch (majorType) {
      case MajorType.Unsigned:
      case MajorType.Negative:
        return next;
      case MajorType.Bytes:
        return this.#string(next, argument);
      case MajorType.Text: {
        const end = this.#string(next, argument);
        if (!isUtf8(this.#bytes, next, end)) throw new DecodingError('CBOR text is not UTF-8');
        if (this.#isByteOrderMark(next)) throw new DecodingError('CBOR text begins with a byte order mark');
        return end;
      }
      case MajorType.Array:
        return this.#array(next, argument, depth);
      case MajorType.Map:
        return this.#map(next, argument, depth);
      default:
        throw new DecodingError('CBOR tags are not part of App Attest');
    }
  }

  /** Decodes the number in the head of an item, and returns the offset after the head. */
  #head(offset: number, additional: number): number {
    this.#argument = additional;
    if (additional < 24) return offset + 1;
    if (additional > 27) throw new DecodingError('CBOR length is indefinite or reserved');
    const width = 1 << (additional - 24);
    const next = offset + 1 + width;
    if (next > this.#bytes.length) throw truncated();
    this.#argument = this.#unsigned(offset + 1, width);
    if (this.#argument < (SHORTEST_FROM[width] ?? 0))
      throw new DecodingError('CBOR number is not in its shortest form');
    return next;
  }

  #unsigned(offset: number, width: number): number {
    let number = 0;
    for (let index = 0; index < width; index += 1) number = number * 256 + (this.#bytes[offset + index] ?? 0);
    return number;
  }

  #string(offset: number, length: number): number {
    if (length > this.#bytes.length - offset) throw truncated();
    return offset + length;
  }

  /**
   * Whether the three bytes at an offset are a byte order mark (U+FEFF). Text that begins with this mark is rejected. cbor-x
   * would remove the mark from text of more than 64 bytes, and keep the mark in shorter text.
   *
   * If the text is empty, the check reads bytes of the next item. No valid evidence is rejected, because no accepted
   * item begins with 0xef.
   */
  #isByteOrderMark(offset: number): boolean {
    const [first, second, third] = [this.#bytes[offset], this.#bytes[offset + 1], this.#bytes[offset + 2]];
    return first === 0xef && second === 0xbb && third === 0xbf;
  }

  #array(offset: number, count: number, depth: number): number {
    let position = offset;
    for (let index = 0; index < count; index += 1) position = this.item(position, depth + 1);
    return position;
  }

  #map(offset: number, count: number, depth: number): number {
    let position = offset;
    // All integers and lengths are in their shortest form, so equal keys have equal bytes.
    const keys: string[] = [];
    for (let index = 0; index < count; index += 1) {
      const keyEnd = this.#key(position);
      const key = this.#bytes.toString('latin1', position, keyEnd);
      if (keys.includes(key)) throw new DecodingError('CBOR map key occurs twice');
      keys.push(key);
      if (depth === 0) this.#noteUnsigned(position, keyEnd);
      position = this.item(keyEnd, depth + 1);
    }
    return position;
  }

  /**
   * Adds a text key to `unsignedEntries` if its value is an unsigned integer. The key was decoded last, so `#argument` is the
   * length of its text.
   */
  #noteUnsigned(key: number, value: number): void {
    if (this.#majorType(key) !== MajorType.Text || this.#majorType(value) !== MajorType.Unsigned) return;
    this.unsignedEntries.add(this.#bytes.toString('utf8', value - this.#argument, value));
  }

  /**
   * The major type of the item at an offset. If the offset is after the last byte, the result is 0. In this case, `item`
   * throws for the offset.
   */
  #majorType(offset: number): number {
    return (this.#bytes[offset] ?? 0) >> 5;
  }

  #key(offset: number): number {
    const majorType = this.#majorType(offset);
    if (majorType !== MajorType.Text && majorType !== MajorType.Unsigned && majorType !== MajorType.Negative) {
      throw new DecodingError('CBOR map key is neither text nor an integer');
    }
    // A key cannot contain other items, so its depth need not be counted.
    return this.item(offset, 0);
  }

  /**
   * Accepts false, true, null, undefined and floats. No known field uses them, but a field of a later operating system
   * might.
   */
  #simple(offset: number, additional: number): number {
    if (additional >= 20 && additional <= 23) return offset + 1;
    if (additional < 25 || additional > 27) throw new DecodingError('unassigned or indefinite CBOR simple value');
    const next = offset + 1 + (1 << (additional - 24));
    if (next > this.#bytes.length) throw truncated();
    return next;
  }
}

/** For each width in bytes: the smallest number that needs this width (RFC 8949 §4.2.1). */
const SHORTEST_FROM: Readonly<Record<number, number>> = { 1: 24, 2: 0x100, 4: 0x1_0000, 8: 0x1_0000_0000 };

function truncated(): EndsTooEarlyError {
  return new EndsTooEarlyError('CBOR ends in the middle of an item');
}
