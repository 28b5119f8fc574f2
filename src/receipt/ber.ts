import { DecodingError } from '../decoding-error.js';

/** A receipt nests twelve levels, down to the extensions of its certificates. */
const MAX_DEPTH = 16;
/** A receipt has about 420 elements, nearly all of them in its three certificates. */
const MAX_ELEMENTS = 2048;

const CONSTRUCTED = 0x20;
const HIGH_TAG_NUMBER = 0x1f;
const LONG_LENGTH = 0x80;
const INDEFINITE = 0x80;
const OctetString = { Primitive: 0x04, Constructed: 0x24 } as const;

/** One element and all that it holds. */
export interface BerElement {
  /** The identifier octet: class, constructed bit and tag number. */
  readonly identifier: number;
  /** The whole element as it came. */
  readonly bytes: Uint8Array;
  /** What stands between head and end. */
  readonly contents: Uint8Array;
  /** Empty for a primitive element. */
  readonly children: readonly BerElement[];
}

/**
 * Reads bytes that must be exactly one BER element, all the way down, before a tolerant parser sees them: nothing behind
 * the end, bounded depth and count. Narrower than X.690 §8.1, as Apple's servers are: lengths are indefinite or in their
 * shortest form, and tag numbers end at 30.
 *
 * @throws DecodingError
 */
export function readBer(bytes: Uint8Array): BerElement {
  const reader = new BerReader(bytes);
  const element = reader.element(0, bytes.length, 0);
  if (element.end !== bytes.length) {
    throw new DecodingError(`${bytes.length - element.end} bytes after the BER element`);
  }
  return element;
}

/**
 * What an OCTET STRING holds, whether it stands there as one or is cut into chunks (X.690 §8.7.3).
 *
 * @throws DecodingError
 */
export function octetsOf(element: BerElement): Uint8Array {
  if (element.identifier === OctetString.Primitive) return element.contents;
  if (element.identifier === OctetString.Constructed) return Buffer.concat(element.children.map(octetsOf));
  throw new DecodingError('something else in place of an OCTET STRING');
}

/** An element, and where the next one starts. */
interface ReadElement extends BerElement {
  readonly end: number;
}

/** One walk over one element. */
class BerReader {
  readonly #bytes: Uint8Array;
  #elements = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Reads the element that starts at `start` and must end at `limit` or before. */
  element(start: number, limit: number, depth: number): ReadElement {
    if (depth > MAX_DEPTH) throw new DecodingError(`BER nested deeper than ${MAX_DEPTH} levels`);
    this.#elements += 1;
    if (this.#elements > MAX_ELEMENTS) throw new DecodingError(`more than ${MAX_ELEMENTS} BER elements`);

    const identifier = this.#octet(start, limit);
    // Tag number 0 of the universal class is the end of an indefinite length, and stands nowhere else.
    if ((identifier & ~CONSTRUCTED) === 0) throw new DecodingError('BER end of contents without a beginning');
    if ((identifier & HIGH_TAG_NUMBER) === HIGH_TAG_NUMBER) throw new DecodingError('BER tag number above 30');
    const isConstructed = (identifier & CONSTRUCTED) !== 0;

    if (this.#octet(start + 1, limit) === INDEFINITE) {
      if (!isConstructed) throw new DecodingError('a primitive BER element of indefinite length');
      return this.#indefinite(identifier, start, limit, depth);
    }
    const { contents, length } = this.#length(start + 1, limit);
    if (length > limit - contents) throw truncated();
    const end = contents + length;
    return this.#read(identifier, start, contents, end, end, isConstructed ? this.#children(contents, end, depth) : []);
  }

  #children(start: number, end: number, depth: number): BerElement[] {
    const children: BerElement[] = [];
    for (let offset = start; offset < end; ) {
      const child = this.element(offset, end, depth + 1);
      children.push(child);
      offset = child.end;
    }
    return children;
  }

  /** Contents that go on until two zero octets (X.690 §8.1.3.6). */
  #indefinite(identifier: number, start: number, limit: number, depth: number): ReadElement {
    const contents = start + 2;
    const children: BerElement[] = [];
    let offset = contents;
    while (this.#octet(offset, limit) !== 0 || this.#octet(offset + 1, limit) !== 0) {
      const child = this.element(offset, limit, depth + 1);
      children.push(child);
      offset = child.end;
    }
    return this.#read(identifier, start, contents, offset, offset + 2, children);
  }

  #read(
    identifier: number,
    start: number,
    contents: number,
    contentsEnd: number,
    end: number,
    children: readonly BerElement[],
  ): ReadElement {
    return {
      identifier,
      bytes: this.#bytes.subarray(start, end),
      contents: this.#bytes.subarray(contents, contentsEnd),
      children,
      end,
    };
  }

  /** A definite length in its shortest form (X.690 §8.1.3.4 and §10.1). */
  #length(start: number, limit: number): { contents: number; length: number } {
    const first = this.#octet(start, limit);
    if (first < LONG_LENGTH) return { contents: start + 1, length: first };

    const width = first - LONG_LENGTH;
    // Four octets hold any length that a bounded input can have.
    if (width > 4) throw new DecodingError('BER of excessive length');
    let length = 0;
    for (let index = 1; index <= width; index += 1) length = length * 256 + this.#octet(start + index, limit);
    if (length < LONG_LENGTH || length < 256 ** (width - 1)) {
      throw new DecodingError('BER length not in its shortest form');
    }
    return { contents: start + 1 + width, length };
  }

  #octet(offset: number, limit: number): number {
    const octet = offset < limit ? this.#bytes[offset] : undefined;
    if (octet === undefined) throw truncated();
    return octet;
  }
}

function truncated(): DecodingError {
  return new DecodingError('BER ends in the middle of an element');
}
