import { DecodingError } from './decoding-error.js';
import { octetAt, readDer, readLength } from './der.js';
import type { DerElement } from './der-element.js';
import { Tag } from './der-values.js';

/** A receipt nests twelve levels, down to the extensions of its certificates. */
const MAX_DEPTH = 16;
/** A receipt has about 420 elements, nearly all of them in its three certificates. */
const MAX_ELEMENTS = 2048;

const CONSTRUCTED = 0x20;
const HIGH_TAG_NUMBER = 0x1f;
const INDEFINITE = 0x80;
const CONSTRUCTED_OCTET_STRING = CONSTRUCTED | Tag.OctetString;

/** Bytes in DER, and the element that they are. */
export interface NormalizedBer {
  readonly der: Uint8Array;
  readonly element: DerElement;
}

/**
 * Reads bytes that must be exactly one BER element. They are written again in DER first, and read by {@link readDer}: what
 * comes out has definite lengths, OCTET STRINGs in one piece, and bounded values of every universal type.
 *
 * @throws DecodingError
 */
export function readBer(bytes: Uint8Array): NormalizedBer {
  const der = normalizeBer(bytes);
  return { der, element: readDer(der) };
}

/**
 * Writes one BER element again with definite lengths (X.690 §10.1) and OCTET STRINGs in one piece (§10.2), in bounded
 * depth and count. Values are left as they are. Narrower than X.690 §8.1, as Apple's servers are: lengths are
 * indefinite or in their shortest form, and tag numbers end at 30.
 *
 * @throws DecodingError
 */
export function normalizeBer(bytes: Uint8Array): Uint8Array {
  const normalizer = new BerNormalizer(bytes);
  const { end } = normalizer.element(0, bytes.length, 0);
  if (end === bytes.length) return Buffer.concat(normalizer.pieces);
  throw new DecodingError(`${bytes.length - end} bytes after the BER element`);
}

/** What was read: where it ends in BER, and how long it is in DER. */
interface Written {
  readonly end: number;
  readonly length: number;
}

/** Writes what stands at `start`, and must end at `limit` or before. */
type Writer = (start: number, limit: number, depth: number) => Written;

/** One walk over one element. */
class BerNormalizer {
  /** The DER so far: heads, and the contents of primitive elements. */
  readonly pieces: Uint8Array[] = [];
  readonly #bytes: Uint8Array;
  #elements = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  element(start: number, limit: number, depth: number): Written {
    this.#count(depth);
    const tag = octetAt(this.#bytes, start, limit);
    // Tag number 0 of the universal class is the end of an indefinite length, and stands nowhere else.
    if ((tag & ~CONSTRUCTED) === 0) throw new DecodingError('BER end of contents without a beginning');
    if ((tag & HIGH_TAG_NUMBER) === HIGH_TAG_NUMBER) throw new DecodingError('BER tag number above 30');

    // The head comes first, and its length is known last.
    const head = this.pieces.push(NOTHING) - 1;
    const isChunked = tag === CONSTRUCTED_OCTET_STRING;
    const contents = isChunked ? this.#chunk : this.element;
    const { end, length } = this.#contents(tag, start + 1, limit, depth, contents);
    const octets = headOf(isChunked ? Tag.OctetString : tag, length);
    this.pieces[head] = octets;
    return { end, length: octets.length + length };
  }

  /** A part of an OCTET STRING, which is one itself (X.690 §8.7.3.2): written without its head. */
  readonly #chunk: Writer = (start, limit, depth) => {
    this.#count(depth);
    const tag = octetAt(this.#bytes, start, limit);
    if (tag !== Tag.OctetString && tag !== CONSTRUCTED_OCTET_STRING) {
      throw new DecodingError('an OCTET STRING in parts that are no OCTET STRINGs');
    }
    return this.#contents(tag, start + 1, limit, depth, this.#chunk);
  };

  /** The contents whose length stands at `start`: of a constructed element, written one by one. */
  #contents(tag: number, start: number, limit: number, depth: number, write: Writer): Written {
    const isConstructed = (tag & CONSTRUCTED) !== 0;
    if (octetAt(this.#bytes, start, limit) === INDEFINITE) {
      if (!isConstructed) throw new DecodingError('a primitive BER element of indefinite length');
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

  /** Contents that go on until two zero octets (X.690 §8.1.3.6). */
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

/** A tag, and a length in its shortest form (X.690 §10.1). */
export function headOf(tag: number, length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(tag, length);
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return Uint8Array.of(tag, 0x80 | octets.length, ...octets);
}
