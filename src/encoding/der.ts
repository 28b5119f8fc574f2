import { DecodingError, EndsTooEarlyError } from './decoding-error.js';
import type { DerElement } from './der-element.js';
import { assertUniversalValue } from './der-values.js';

/** The maximum depth. The outermost element has depth 0. In the recorded certificates, the greatest depth is 5. */
const MAX_DEPTH = 16;
/** The maximum number of elements. The recorded certificates have fewer than 100. */
const MAX_ELEMENTS = 2048;

const CONSTRUCTED = 0x20;
const HIGH_TAG_NUMBER = 0x1f;
const LONG_LENGTH = 0x80;

/**
 * Decodes bytes that must be exactly one DER element, including all nested elements. X.690 §8.1 and §10.
 *
 * Lengths must be definite. Lengths and tags must be in their shortest form. Values of universal types must be valid DER.
 * The depth and the number of elements are limited. So a tolerant BER parser can process accepted bytes safely, and all
 * parsers interpret these bytes in the same way.
 *
 * @throws DecodingError
 */
export function readDer(bytes: Uint8Array): DerElement {
  const element = new DerReader(bytes).element(0, bytes.length, 0);
  if (element.end === bytes.length) return element;
  throw new DecodingError(`${bytes.length - element.end} bytes after the DER element`);
}

/** Decodes one element, including all nested elements. */
class DerReader {
  readonly #bytes: Uint8Array;
  /** The children of all unfinished elements. When an element is finished, its children move to an array of the exact size. */
  readonly #found: DerElement[] = [];
  #elements = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Decodes the element that starts at `start` and must end at or before `limit`. */
  element(start: number, limit: number, depth: number): DerElement {
    if (depth > MAX_DEPTH) throw new DecodingError(`DER nested deeper than ${MAX_DEPTH} levels`);
    this.#elements += 1;
    if (this.#elements > MAX_ELEMENTS) throw new DecodingError(`more than ${MAX_ELEMENTS} DER elements`);

    const tag = octetAt(this.#bytes, start, limit);
    let tagNumber = tag & HIGH_TAG_NUMBER;
    let offset = start + 1;
    if (tagNumber === HIGH_TAG_NUMBER) {
      tagNumber = readHighTagNumber(this.#bytes, offset, limit);
      offset += tagNumber < 0x80 ? 1 : 2;
    }

    const { contents, end } = readLength(this.#bytes, offset, limit);
    const children = (tag & CONSTRUCTED) === 0 ? NONE : this.#elementsBetween(contents, end, depth + 1);
    const element = { tag, tagNumber, start, contents, end, children };
    assertUniversalValue(this.#bytes, element);
    return element;
  }

  #elementsBetween(start: number, end: number, depth: number): readonly DerElement[] {
    const first = this.#found.length;
    for (let offset = start; offset < end; ) {
      const element = this.element(offset, end, depth);
      this.#found.push(element);
      offset = element.end;
    }
    return this.#found.splice(first);
  }
}

const NONE: readonly DerElement[] = [];

/**
 * Decodes a tag number above 30: base 128, most significant octet first, no leading zeros (X.690 §8.1.2.4). In recordings,
 * the highest tag number is 1420.
 */
function readHighTagNumber(bytes: Uint8Array, offset: number, limit: number): number {
  const first = octetAt(bytes, offset, limit);
  if (first === 0x80 || first < HIGH_TAG_NUMBER) throw new DecodingError('DER tag is not in its shortest form');
  if (first < 0x80) return first;
  const second = octetAt(bytes, offset + 1, limit);
  if (second < 0x80) return (first - 0x80) * 0x80 + second;
  throw new DecodingError('DER tag number above 16383');
}

/**
 * Decodes the length at `offset`, which must be in its shortest form (X.690 §10.1). Returns the offsets at which the
 * contents start and end.
 */
export function readLength(bytes: Uint8Array, offset: number, limit: number): { contents: number; end: number } {
  let contents = offset + 1;
  let length = octetAt(bytes, offset, limit);
  if (length >= LONG_LENGTH) {
    const width = length - LONG_LENGTH;
    length = readLongLength(bytes, contents, width, limit);
    contents += width;
  }
  if (length > limit - contents) throw truncated();
  return { contents, end: contents + length };
}

function readLongLength(bytes: Uint8Array, offset: number, width: number, limit: number): number {
  // Evidence is much shorter than 4 GiB, so four octets are enough. Zero octets mean an indefinite length, which only BER
  // allows.
  if (width === 0 || width > 4) throw new DecodingError('ASN.1 length is indefinite or too large');
  let length = 0;
  for (let index = 0; index < width; index += 1) length = length * 256 + octetAt(bytes, offset + index, limit);
  if (length >= LONG_LENGTH && length >= 256 ** (width - 1)) return length;
  throw new DecodingError('ASN.1 length is not in its shortest form');
}

/** @throws DecodingError if the bytes, or the enclosing element, end at or before `offset` */
export function octetAt(bytes: Uint8Array, offset: number, limit: number): number {
  const value = offset < limit ? bytes[offset] : undefined;
  if (value === undefined) throw truncated();
  return value;
}

function truncated(): EndsTooEarlyError {
  return new EndsTooEarlyError('ASN.1 ends in the middle of an element');
}
