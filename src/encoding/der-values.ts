import { DecodingError } from './decoding-error.js';
import type { DerElement } from './der-element.js';
import { isUtf8 } from './utf8.js';

/** Tags (identifier octets) of universal types, the types that ASN.1 itself defines. X.680 §8.6, X.690 §8.1.2. */
export const Tag = {
  Boolean: 0x01,
  Integer: 0x02,
  BitString: 0x03,
  OctetString: 0x04,
  Null: 0x05,
  ObjectIdentifier: 0x06,
  Real: 0x09,
  Enumerated: 0x0a,
  Utf8String: 0x0c,
  RelativeObjectIdentifier: 0x0d,
  Time: 0x0e,
  PrintableString: 0x13,
  TeletexString: 0x14,
  Ia5String: 0x16,
  UtcTime: 0x17,
  GeneralizedTime: 0x18,
  UniversalString: 0x1c,
  BmpString: 0x1e,
  /**
   * The first identifier octet of DATE, TIME-OF-DAY, DATE-TIME, DURATION, OID-IRI and RELATIVE-OID-IRI. The tag number is in
   * the next octets.
   */
  HighTagNumber: 0x1f,
  Sequence: 0x30,
  Set: 0x31,
} as const;

const UNIVERSAL = 0x20;
const TRUE = 0xff;
/** ASCII codes. */
const [ZERO, NINE, POINT, Z] = [0x30, 0x39, 0x2e, 0x5a] as const;

/** Reserved tag numbers, one bit per number. Number 0 marks the end of an indefinite length in BER. No type has number 15. */
const RESERVED = (1 << 0) | (1 << 15);

/**
 * The types that are constructed in DER, one bit per tag number: EXTERNAL, EMBEDDED PDV, SEQUENCE, SET and CHARACTER
 * STRING. All other types are primitive.
 */
const CONSTRUCTED_TYPES = (1 << 8) | (1 << 11) | (1 << 16) | (1 << 17) | (1 << 29);

/** The highest tag number in X.680 §8.6. Higher tag numbers are reserved. */
const LAST_TYPE = 36;

/**
 * The maximum number of octets in an INTEGER. The limit is twice the length of a P-521 coordinate. Serial numbers have at
 * most 20 octets (RFC 5280 §4.1.2.2).
 */
const MAX_INTEGER = 132;
/** The maximum number of octets in an OBJECT IDENTIFIER or RELATIVE-OID. In recordings, object identifiers have at most ten. */
const MAX_OBJECT_IDENTIFIER = 64;
/**
 * The maximum number of components. The first two components are encoded as one number, so an OBJECT IDENTIFIER has at
 * most 19 encoded numbers. Apple's object identifiers have fewer than ten components.
 */
const MAX_NUMBERS = 20;
/** The maximum number of octets in a time. The limit leaves sixteen digits for a fraction of a second. */
const MAX_TIME = 32;
/**
 * The maximum number of octets in a REAL, in a TIME, and in a value with a tag number above 30. No certificate and no receipt
 * uses these types, so such values are not decoded.
 */
const MAX_OTHER = 64;

/**
 * The maximum number of octets in one encoded number of an OBJECT IDENTIFIER. Seven octets of seven bits fit in a JavaScript
 * number. Apple's certificates need at most four octets.
 */
const MAX_OCTETS_OF_NUMBER = 7;

/**
 * Checks that an element of a universal type is valid DER, and that its length is within the limits above. Without these
 * checks, later decoding could be slow. For example, the library that decodes the signers of receipts takes half a second for
 * a BOOLEAN of 60 KB, which is not valid DER. Elements of other classes are not checked, because their meaning depends on the
 * context.
 *
 * @throws DecodingError
 */
export function assertUniversalValue(der: Uint8Array, element: DerElement): void {
  const { tag, tagNumber } = element;
  if (tag >= 2 * UNIVERSAL) return;
  const isConstructed = (tag & UNIVERSAL) !== 0;
  if (tagNumber > LAST_TYPE) throw new DecodingError('a DER element has a reserved type');
  // All types with a tag number above 30 are primitive.
  const bit = tagNumber < 31 ? 1 << tagNumber : 0;
  if ((RESERVED & bit) !== 0 || isConstructed !== ((CONSTRUCTED_TYPES & bit) !== 0)) {
    throw new DecodingError('a DER element has a reserved type or the wrong form (primitive or constructed)');
  }
  if (!isValue(der, element)) throw new DecodingError(`malformed DER value of universal type ${tagNumber}`);
}

/** X.690 §8.2 to §8.6, §8.8, §8.19, §8.20, §8.23, §11.1, §11.2, §11.7, §11.8. */
function isValue(der: Uint8Array, element: DerElement): boolean {
  const length = element.end - element.contents;
  switch (element.tag) {
    case Tag.Boolean:
      return length === 1 && (der[element.contents] === 0 || der[element.contents] === TRUE);
    case Tag.Integer:
    case Tag.Enumerated:
      return isShortestInteger(der, element);
    case Tag.BitString:
      return isBitString(der, element);
    case Tag.Null:
      return length === 0;
    case Tag.ObjectIdentifier:
      return isObjectIdentifier(der, element);
    case Tag.Utf8String:
      return isUtf8(der, element.contents, element.end);
    case Tag.RelativeObjectIdentifier:
      return isObjectIdentifier(der, element);
    case Tag.UniversalString:
      return areCharacters(der, element, 4);
    case Tag.BmpString:
      return areCharacters(der, element, 2);
    case Tag.UtcTime:
      return isTime(der, element, 12);
    case Tag.GeneralizedTime:
      return isTime(der, element, 14) || isTimeWithFraction(der, element);
    case Tag.Real:
    case Tag.Time:
    case Tag.HighTagNumber:
      return length <= MAX_OTHER;
    default:
      return true;
  }
}

/** If the first nine bits are equal, the first octet is unnecessary (X.690 §8.3.2). */
function isShortestInteger(der: Uint8Array, { contents, end }: DerElement): boolean {
  const [first, second] = [der[contents] ?? 0, der[contents + 1] ?? 0];
  if (end - contents < 2) return end - contents === 1;
  if (end - contents > MAX_INTEGER) return false;
  return !(first === 0 && second < 0x80) && !(first === 0xff && second >= 0x80);
}

/** The first octet is the number of unused bits in the last octet. The unused bits must be zero. */
function isBitString(der: Uint8Array, { contents, end }: DerElement): boolean {
  const unused = der[contents] ?? 0;
  if (end - contents < 2) return end - contents === 1 && unused === 0;
  return unused < 8 && (der[end - 1] ?? 0) % 2 ** unused === 0;
}

/**
 * The contents are numbers in base 128. Each number must be complete and in its shortest form. The count and the length of
 * the numbers are limited.
 */
function isObjectIdentifier(der: Uint8Array, { contents, end }: DerElement): boolean {
  if (end - contents > MAX_OBJECT_IDENTIFIER) return false;
  let octets = 0;
  let numbers = 0;
  for (let offset = contents; offset < end; offset += 1) {
    const octet = der[offset] ?? 0;
    if (octets === 0 && octet === 0x80) return false;
    octets += 1;
    if (octets > MAX_OCTETS_OF_NUMBER) return false;
    if (octet >= 0x80) continue;
    octets = 0;
    numbers += 1;
  }
  return numbers > 0 && numbers < MAX_NUMBERS && octets === 0;
}

/** Whether a time consists of this number of digits and a `Z`, which stands for UTC. */
function isTime(der: Uint8Array, { contents, end }: DerElement, digits: number): boolean {
  return end - contents === digits + 1 && areDigits(der, contents, end - 1) && der[end - 1] === Z;
}

/**
 * Whether a time has the form `YYYYMMDDHHMMSS.fffZ`. The last digit of the fraction must not be 0. RFC 5280 §4.1.2.5.2
 * forbids this form in certificates.
 */
function isTimeWithFraction(der: Uint8Array, { contents, end }: DerElement): boolean {
  const point = contents + 14;
  if (end - contents > MAX_TIME) return false;
  if (end - point < 3 || der[point] !== POINT || der[end - 1] !== Z) return false;
  return areDigits(der, contents, point) && areDigits(der, point + 1, end - 1) && der[end - 2] !== ZERO;
}

function areDigits(der: Uint8Array, start: number, end: number): boolean {
  for (let offset = start; offset < end; offset += 1) {
    const octet = der[offset] ?? 0;
    if (octet < ZERO || octet > NINE) return false;
  }
  return true;
}

/**
 * Whether the contents are ISO 10646 (Unicode) characters of `width` octets each. The highest valid character is U+10FFFF.
 * Surrogates are invalid. X.690 §8.23.7, §8.23.8.
 */
function areCharacters(der: Uint8Array, { contents, end }: DerElement, width: number): boolean {
  if ((end - contents) % width !== 0) return false;
  for (let offset = contents; offset < end; offset += width) {
    let character = 0;
    for (let index = 0; index < width; index += 1) character = character * 256 + (der[offset + index] ?? 0);
    if (character > 0x10ffff || (character >= 0xd800 && character < 0xe000)) return false;
  }
  return true;
}

/** All bytes of the element, as received. */
export function bytesOf(der: Uint8Array, { start, end }: DerElement): Uint8Array {
  return der.subarray(start, end);
}

export function contentsOf(der: Uint8Array, { contents, end }: DerElement): Uint8Array {
  return der.subarray(contents, end);
}

/**
 * Whether a BOOLEAN is TRUE. Callers reject a BOOLEAN that is present but FALSE, because DER omits a default value (X.690
 * §11.5).
 */
export function isTrue(der: Uint8Array, { contents }: DerElement): boolean {
  return der[contents] === TRUE;
}

/** The value of an INTEGER. The result is only approximate if the value is not a safe JavaScript integer. */
export function readInteger(der: Uint8Array, { contents, end }: DerElement): number {
  let integer = ((der[contents] ?? 0) ^ 0x80) - 0x80;
  for (let offset = contents + 1; offset < end; offset += 1) integer = integer * 256 + (der[offset] ?? 0);
  return integer;
}

/** An OBJECT IDENTIFIER as text, for example `"1.2.840.10045.4.3.2"`. */
export function readObjectIdentifier(der: Uint8Array, { contents, end }: DerElement): string {
  let text = '';
  let number = 0;
  for (let offset = contents; offset < end; offset += 1) {
    const octet = der[offset] ?? 0;
    number = number * 0x80 + (octet & 0x7f);
    if (octet >= 0x80) continue;
    text += text === '' ? firstTwoNumbers(number) : `.${number}`;
    number = 0;
  }
  return text;
}

/** Splits the first number into the first two components. The first component is 0, 1 or 2. X.690 §8.19.4. */
function firstTwoNumbers(number: number): string {
  const first = Math.min(Math.floor(number / 40), 2);
  return `${first}.${number - first * 40}`;
}
