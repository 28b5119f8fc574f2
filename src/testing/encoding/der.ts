/** Encodes one DER element: its tag (the identifier octets), its length in the shortest form, and its contents. */
export function der(tag: number | readonly number[], ...contents: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(contents);
  const identifierOctets = typeof tag === 'number' ? [tag] : tag;
  return new Uint8Array(Buffer.concat([Uint8Array.of(...identifierOctets), derLength(body.length), body]));
}

function derLength(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  if (length < 0x100) return Uint8Array.of(0x81, length);
  if (length < 0x10000) return Uint8Array.of(0x82, length >> 8, length & 0xff);
  throw new RangeError(`a DER element of ${length} bytes is too long for App Attest evidence`);
}

/**
 * Encodes one BER element with an indefinite length, as in Apple's receipts: two zero octets mark the end of the contents
 * (X.690 §8.1.3.6).
 */
export function indefinite(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat([Uint8Array.of(tag, 0x80), ...contents, Uint8Array.of(0, 0)]));
}

const SEQUENCE = 0x30;
const SET = 0x31;

export const sequence = (...contents: readonly Uint8Array[]): Uint8Array => der(SEQUENCE, ...contents);
export const set = (...contents: readonly Uint8Array[]): Uint8Array => der(SET, ...contents);
export const octetString = (contents: Uint8Array | string): Uint8Array => der(0x04, Buffer.from(contents));
export const utf8String = (text: string): Uint8Array => der(0x0c, Buffer.from(text));
export const printableString = (text: string): Uint8Array => der(0x13, Buffer.from(text, 'ascii'));
export const ia5String = (text: string): Uint8Array => der(0x16, Buffer.from(text, 'ascii'));
export const NULL = Uint8Array.of(0x05, 0x00);

/** Encodes a non-negative INTEGER. */
export function integer(value: number): Uint8Array {
  const digits = value.toString(16);
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
  return integerOfBytes(bytes);
}

/** Encodes a non-negative INTEGER from its bytes. Adds a leading zero byte if the first bit would make the INTEGER negative. */
export function integerOfBytes(magnitude: Uint8Array): Uint8Array {
  const [first = 0] = magnitude;
  return der(0x02, ...(first >= 0x80 ? [Uint8Array.of(0)] : []), magnitude);
}

export function objectIdentifier(oid: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = oid.split('.').map(Number);
  return der(0x06, Uint8Array.from([first * 40 + second, ...rest].flatMap(base128)));
}

function base128(value: number): number[] {
  const octets = [value & 0x7f];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) octets.unshift((rest & 0x7f) | 0x80);
  return octets;
}

/**
 * Wraps elements in an explicit context tag. A tag up to 30 takes one identifier octet. Any other tag must be from 128 to
 * 16383, and takes three octets.
 */
export function tagged(tagNumber: number, ...contents: readonly Uint8Array[]): Uint8Array {
  if (tagNumber < 31) return der(0xa0 | tagNumber, ...contents);
  return der([0xbf, 0x80 | (tagNumber >> 7), tagNumber & 0x7f], ...contents);
}
