import { DecodingError } from '../decoding-error.js';

/** A certificate nests nine levels. */
const MAX_DEPTH = 16;
/** The largest recorded certificate has about 130 elements. */
const MAX_ELEMENTS = 2048;

const CONSTRUCTED = 0x20;
const HIGH_TAG_NUMBER = 0x1f;
const LONG_LENGTH = 0x80;

/** One element: where it starts, where its contents start, and where both end. */
export interface DerElement {
  /** The identifier octet: class, constructed bit, and the tag number up to 30. */
  readonly identifier: number;
  readonly start: number;
  readonly contents: number;
  readonly end: number;
}

/**
 * Checks that the bytes are exactly one DER element, all the way down: definite and shortest lengths, shortest tags,
 * nothing behind the end, bounded depth and count. Behind this check a tolerant BER parser cannot be surprised, and no
 * two parsers can read the same bytes differently. X.690 §8.1 and §10.1.
 *
 * @throws DecodingError
 */
export function assertDer(bytes: Uint8Array): void {
  const element = readElement(bytes, 0, bytes.length);
  if (element.end !== bytes.length)
    throw new DecodingError(`${bytes.length - element.end} bytes after the DER element`);
  walk(bytes, element, 0, { elements: 0 });
}

function walk(bytes: Uint8Array, element: DerElement, depth: number, seen: { elements: number }): void {
  if (depth > MAX_DEPTH) throw new DecodingError(`DER nested deeper than ${MAX_DEPTH} levels`);
  seen.elements += 1;
  if (seen.elements > MAX_ELEMENTS) throw new DecodingError(`more than ${MAX_ELEMENTS} DER elements`);
  if ((element.identifier & CONSTRUCTED) === 0) return;
  for (const child of children(bytes, element)) walk(bytes, child, depth + 1, seen);
}

/** The elements that a constructed element holds. */
export function* children(bytes: Uint8Array, parent: DerElement): Generator<DerElement, void> {
  for (let offset = parent.contents; offset < parent.end; ) {
    const child = readElement(bytes, offset, parent.end);
    yield child;
    offset = child.end;
  }
}

/** Reads the element that starts at `start` and must end at `limit` or before. */
export function readElement(bytes: Uint8Array, start: number, limit: number): DerElement {
  const octet = (offset: number): number => {
    const value = offset < limit ? bytes[offset] : undefined;
    if (value === undefined) throw new DecodingError('DER ends in the middle of an element');
    return value;
  };

  const identifier = octet(start);
  let offset = start + 1;
  if ((identifier & HIGH_TAG_NUMBER) === HIGH_TAG_NUMBER) offset = skipHighTagNumber(octet, offset);

  const first = octet(offset);
  offset += 1;
  let length = first;
  if (first >= LONG_LENGTH) {
    const width = first - LONG_LENGTH;
    // Four octets hold any length that a bounded input can have; zero octets mean BER's indefinite length.
    if (width === 0 || width > 4) throw new DecodingError('DER of indefinite or excessive length');
    length = 0;
    for (let index = 0; index < width; index += 1) length = length * 256 + octet(offset + index);
    offset += width;
    if (length < LONG_LENGTH || length < 256 ** (width - 1)) {
      throw new DecodingError('DER length not in its shortest form');
    }
  }
  if (length > limit - offset) throw new DecodingError('DER ends in the middle of an element');
  return { identifier, start, contents: offset, end: offset + length };
}

/** Tag numbers from 31 on: base 128, most significant first, no leading zero (X.690 §8.1.2.4). Apple's end at 1421. */
function skipHighTagNumber(octet: (offset: number) => number, start: number): number {
  const first = octet(start);
  if (first === 0x80 || first < HIGH_TAG_NUMBER) throw new DecodingError('DER tag not in its shortest form');
  if (first < 0x80) return start + 1;
  if (octet(start + 1) < 0x80) return start + 2;
  throw new DecodingError('DER tag number above 16383');
}
