import { DecodingError } from './decoding-error.js';
import { octetAt, readDer, readLength } from './der.js';
import type { DerElement } from './der-element.js';
import { Tag } from './der-values.js';

/** A receipt has twelve levels, down to the extensions of its certificates. */
const MAX_DEPTH = 16;
/** A receipt has about 420 elements, nearly all of them in its three certificates. */
const MAX_ELEMENTS = 2048;

const CONSTRUCTED = 0x20;
const HIGH_TAG_NUMBER = 0x1f;
const INDEFINITE = 0x80;
const CONSTRUCTED_OCTET_STRING = CONSTRUCTED | Tag.OctetString;

/** The bytes in DER, and the decoded element. */
export interface NormalizedBer {
  readonly der: Uint8Array;
  readonly element: DerElement;
}

/**
 * Decodes bytes that must be exactly one BER element. They are converted to DER first and decoded by {@link readDer}: the
 * result has definite lengths, OCTET STRINGs in one piece, and bounded values of every universal type.
 *
 * @throws DecodingError
 */
export function readBer(bytes: Uint8Array): NormalizedBer {
  const der = normalizeBer(bytes);
  return { der, element: readDer(der) };
}

/**
 * Converts one BER element to definite lengths (X.690 §10.1) and OCTET STRINGs in one piece (§10.2), with bounded depth
 * and count. Other values are not changed. Stricter than X.690 §8.1, as Apple's servers are: lengths must be indefinite or
 * in their shortest form, and tag numbers must not exceed 30.
 *
 * @throws DecodingError
 */
export function normalizeBer(bytes: Uint8Array): Uint8Array {
  const normalizer = new BerNormalizer(bytes);
  const { end } = normalizer.element(0, bytes.length, 0);
  if (end === bytes.length) return Buffer.concat(normalizer.pieces);
  throw new DecodingError(`${bytes.length - end} bytes after the BER element`);
}

/** Where an element ends in BER, and its length in DER. */
interface Written {
  readonly end: number;
  readonly length: number;
}

/** Converts the element that starts at `start` and must end at or before `limit`. */
type Writer = (start: number, limit: number, depth: number) => Written;

/** Converts one element and all elements in it. */
class BerNormalizer {
  /** The DER so far: heads and the contents of primitive elements. */
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

    // The head comes first, but its length is known only at the end.
    const head = this.pieces.push(NOTHING) - 1;
    const isChunked = tag === CONSTRUCTED_OCTET_STRING;
    const contents = isChunked ? this.#chunk : this.element;
    const { end, length } = this.#contents(tag, start + 1, limit, depth, contents);
    const octets = headOf(isChunked ? Tag.OctetString : tag, length);
    this.pieces[head] = octets;
    return { end, length: octets.length + length };
  }

  /** A chunk of an OCTET STRING, itself an OCTET STRING (X.690 §8.7.3.2), whose head is omitted. */
  readonly #chunk: Writer = (start, limit, depth) => {
    this.#count(depth);
    const tag = octetAt(this.#bytes, start, limit);
    if (tag !== Tag.OctetString && tag !== CONSTRUCTED_OCTET_STRING) {
      throw new DecodingError('a chunk of a BER OCTET STRING is not an OCTET STRING');
    }
    return this.#contents(tag, start + 1, limit, depth, this.#chunk);
  };

  /** Converts the contents whose length is at `start`, those of a constructed element one by one. */
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

/** A tag and a length in its shortest form (X.690 §10.1). */
export function headOf(tag: number, length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(tag, length);
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return Uint8Array.of(tag, 0x80 | octets.length, ...octets);
}
