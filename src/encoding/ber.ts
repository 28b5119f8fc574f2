import { DecodingError } from './decoding-error.js';
import { octetAt, readDer, readLength } from './der.js';
import type { DerElement } from './der-element.js';
import { Tag } from './der-values.js';

/** The maximum depth. The outermost element has depth 0. In the recorded receipts, the greatest depth is 10. */
const MAX_DEPTH = 16;
/**
 * The maximum number of elements. The recorded receipts have fewer than 300. Most of these belong to the three certificates.
 */
const MAX_ELEMENTS = 2048;

const CONSTRUCTED = 0x20;
const HIGH_TAG_NUMBER = 0x1f;
const INDEFINITE = 0x80;
const CONSTRUCTED_OCTET_STRING = CONSTRUCTED | Tag.OctetString;

/** A BER element that was converted to DER: the DER bytes, and the element decoded from these bytes. */
export interface NormalizedBer {
  readonly der: Uint8Array;
  readonly element: DerElement;
}

/**
 * Decodes bytes that must be exactly one BER element. BER and DER are encodings of ASN.1 values (X.690). BER allows several
 * encodings of one value, and DER allows exactly one. The bytes are first converted to DER, and then decoded by
 * {@link readDer}.
 *
 * @throws DecodingError
 */
export function readBer(bytes: Uint8Array): NormalizedBer {
  const der = normalizeBer(bytes);
  return { der, element: readDer(der) };
}

/**
 * Converts the lengths and OCTET STRINGs in one BER element to their form in DER. Lengths become definite (X.690 §10.1),
 * and each OCTET STRING becomes one piece (X.690 §10.2). Other values are not changed. The depth and the number of elements
 * are limited.
 *
 * This function is stricter than X.690 §8.1. Lengths must be indefinite or in their shortest form. Tag numbers must not
 * exceed 30. All recorded receipts meet both conditions.
 *
 * @throws DecodingError
 */
export function normalizeBer(bytes: Uint8Array): Uint8Array {
  const normalizer = new BerNormalizer(bytes);
  const { end } = normalizer.element(0, bytes.length, 0);
  if (end === bytes.length) return Buffer.concat(normalizer.pieces);
  throw new DecodingError(`${bytes.length - end} bytes after the BER element`);
}

/** The result of converting one element or one chunk. */
interface Written {
  /** The offset after the element in BER. */
  readonly end: number;
  /** The number of bytes that were written in DER. */
  readonly length: number;
}

/** Converts the element that starts at `start` and must end at or before `limit`. */
type Writer = (start: number, limit: number, depth: number) => Written;

/** Converts one element, including all nested elements. */
class BerNormalizer {
  /** The DER that was written so far: the heads (tag and length), and the contents of primitive elements. */
  readonly pieces: Uint8Array[] = [];
  readonly #bytes: Uint8Array;
  #elements = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  element(start: number, limit: number, depth: number): Written {
    this.#count(depth);
    const tag = octetAt(this.#bytes, start, limit);
    // Universal tag number 0 marks the end of an indefinite length, and is valid nowhere else.
    if ((tag & ~CONSTRUCTED) === 0) throw new DecodingError('BER end-of-contents octets outside an indefinite length');
    if ((tag & HIGH_TAG_NUMBER) === HIGH_TAG_NUMBER) throw new DecodingError('BER tag number above 30');

    // The head precedes the contents, but the length of the contents is not known yet. So a placeholder is pushed here and
    // replaced below.
    const head = this.pieces.push(NOTHING) - 1;
    const isChunked = tag === CONSTRUCTED_OCTET_STRING;
    const contents = isChunked ? this.#chunk : this.element;
    const { end, length } = this.#contents(tag, start + 1, limit, depth, contents);
    const octets = headOf(isChunked ? Tag.OctetString : tag, length);
    this.pieces[head] = octets;
    return { end, length: octets.length + length };
  }

  /**
   * Converts one chunk of an OCTET STRING. The chunk is an OCTET STRING too (X.690 §8.7.3.2). Its head is not written to the
   * DER.
   */
  readonly #chunk: Writer = (start, limit, depth) => {
    this.#count(depth);
    const tag = octetAt(this.#bytes, start, limit);
    if (tag !== Tag.OctetString && tag !== CONSTRUCTED_OCTET_STRING) {
      throw new DecodingError('a chunk of a BER OCTET STRING is not an OCTET STRING');
    }
    return this.#contents(tag, start + 1, limit, depth, this.#chunk);
  };

  /**
   * Converts the contents of an element. `start` is the offset of the length. The elements in a constructed element are
   * converted one by one.
   */
  #contents(tag: number, start: number, limit: number, depth: number, write: Writer): Written {
    const isConstructed = (tag & CONSTRUCTED) !== 0;
    if (octetAt(this.#bytes, start, limit) === INDEFINITE) {
      if (!isConstructed) throw new DecodingError('a primitive BER element has an indefinite length');
      return this.#untilEndOfContents(start + 1, limit, depth, write);
    }
    const { contents, end } = readLength(this.#bytes, start, limit);
    if (isConstructed) return this.#between(contents, end, depth, write);
    this.pieces.push(this.#bytes.subarray(contents, end));
    return { end, length: end - contents };
  }

  #between(start: number, end: number, depth: number, write: Writer): Written {
    let length = 0;
    for (let offset = start; offset < end; ) {
      const child = write.call(this, offset, end, depth + 1);
      length += child.length;
      offset = child.end;
    }
    return { end, length };
  }

  /** Converts contents that end with two zero octets (X.690 §8.1.3.6). */
  #untilEndOfContents(start: number, limit: number, depth: number, write: Writer): Written {
    let length = 0;
    let offset = start;
    while (octetAt(this.#bytes, offset, limit) !== 0 || octetAt(this.#bytes, offset + 1, limit) !== 0) {
      const child = write.call(this, offset, limit, depth + 1);
      length += child.length;
      offset = child.end;
    }
    return { end: offset + 2, length };
  }

  #count(depth: number): void {
    if (depth > MAX_DEPTH) throw new DecodingError(`BER nested deeper than ${MAX_DEPTH} levels`);
    this.#elements += 1;
    if (this.#elements > MAX_ELEMENTS) throw new DecodingError(`more than ${MAX_ELEMENTS} BER elements`);
  }
}

const NOTHING = new Uint8Array();

/** Encodes a tag and a length. The length is in its shortest form (X.690 §10.1). */
export function headOf(tag: number, length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(tag, length);
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return Uint8Array.of(tag, 0x80 | octets.length, ...octets);
}
