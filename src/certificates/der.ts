import { DecodingError } from '../decoding-error.js';
import { assertUniversalValue } from './der-values.js';

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
  readonly tagNumber: number;
  readonly start: number;
  readonly contents: number;
  readonly end: number;
}

/**
 * Checks that the bytes are exactly one DER element, all the way down: definite and shortest lengths, shortest tags,
 * values of the universal types as DER writes them, nothing behind the end, bounded depth and count. Behind this check
 * a tolerant BER parser cannot be surprised, and no two parsers can read the same bytes differently. X.690 §8.1 and
 * §10.
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
  assertUniversalValue(bytes, element);
  if ((element.identifier & CONSTRUCTED) === 0) return;
  for (let offset = element.contents; offset < element.end; ) {
    const child = readElement(bytes, offset, element.end);
    walk(bytes, child, depth + 1, seen);
    offset = child.end;
  }
}

/** The elements that a constructed element holds. */
export function children(bytes: Uint8Array, parent: DerElement): readonly DerElement[] {
  const elements: DerElement[] = [];
  for (let offset = parent.contents; offset < parent.end; ) {
    const child = readElement(bytes, offset, parent.end);
    elements.push(child);
    offset = child.end;
  }
  return elements;
}

/** Reads the element that starts at `start` and must end at `limit` or before. */
export function readElement(bytes: Uint8Array, start: number, limit: number): DerElement {
  const identifier = octet(bytes, start, limit);
  let tagNumber = identifier & HIGH_TAG_NUMBER;
  let offset = start + 1;
  if (tagNumber === HIGH_TAG_NUMBER) {
    tagNumber = readHighTagNumber(bytes, offset, limit);
    offset += tagNumber < 0x80 ? 1 : 2;
  }

  let length = octet(bytes, offset, limit);
  offset += 1;
  if (length >= LONG_LENGTH) {
    const width = length - LONG_LENGTH;
    length = readLongLength(bytes, offset, width, limit);
    offset += width;
  }
  if (length > limit - offset) throw truncated();
  return { identifier, tagNumber, start, contents: offset, end: offset + length };
}

/** Tag numbers from 31 on: base 128, most significant first, no leading zero (X.690 §8.1.2.4). Apple's end at 1421. */
function readHighTagNumber(bytes: Uint8Array, offset: number, limit: number): number {
  const first = octet(bytes, offset, limit);
  if (first === 0x80 || first < HIGH_TAG_NUMBER) throw new DecodingError('DER tag not in its shortest form');
  if (first < 0x80) return first;
  const second = octet(bytes, offset + 1, limit);
  if (second < 0x80) return (first - 0x80) * 0x80 + second;
  throw new DecodingError('DER tag number above 16383');
}

function readLongLength(bytes: Uint8Array, offset: number, width: number, limit: number): number {
  // Four octets hold any length that a bounded input can have; zero octets mean BER's indefinite length.
  if (width === 0 || width > 4) throw new DecodingError('DER of indefinite or excessive length');
  let length = 0;
  for (let index = 0; index < width; index += 1) length = length * 256 + octet(bytes, offset + index, limit);
  if (length >= LONG_LENGTH && length >= 256 ** (width - 1)) return length;
  throw new DecodingError('DER length not in its shortest form');
}

function octet(bytes: Uint8Array, offset: number, limit: number): number {
  const value = offset < limit ? bytes[offset] : undefined;
  if (value === undefined) throw truncated();
  return value;
}

function truncated(): DecodingError {
  return new DecodingError('DER ends in the middle of an element');
}
