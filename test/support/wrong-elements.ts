import { concatenated, lengthOctets } from './element-tree.js';

const CONSTRUCTED = 0x20;
const HIGH_TAG_NUMBER = 0x1f;
/** SEQUENCE and SET, which are always constructed. */
const [SEQUENCE, SET] = [16, 17];
/** Every universal type of X.680 §8.6, and the first reserved type after them. */
const UNIVERSAL_TYPES: readonly number[] = Array.from({ length: 37 }, (_, index) => index + 1);

/**
 * One element of each universal type, with contents of the given length. The contents of SEQUENCE and SET are elements. The
 * contents of other types are octets that are valid in numbers, times and text.
 */
export function wrongElements(length: number): readonly (readonly [string, Uint8Array])[] {
  const contents: readonly [string, Uint8Array][] = [['1s', new Uint8Array(length).fill(0x31)]];
  const elements: readonly [string, Uint8Array][] = [
    ['NULLs', Uint8Array.from({ length }, (_, index) => (index % 2 === 0 ? 0x05 : 0x00))],
    ['an OCTET STRING', concatenated([Uint8Array.of(0x04, ...lengthOctets(length)), new Uint8Array(length)])],
  ];
  return UNIVERSAL_TYPES.flatMap((type) => {
    const isConstructed = type === SEQUENCE || type === SET;
    return (isConstructed ? elements : contents).map(([name, octets]) => {
      return [`type ${type} of ${name}`, element(type, isConstructed, octets)] as const;
    });
  });
}

function element(type: number, isConstructed: boolean, contents: Uint8Array): Uint8Array {
  const constructed = isConstructed ? CONSTRUCTED : 0;
  const tag = type < HIGH_TAG_NUMBER ? [type | constructed] : [HIGH_TAG_NUMBER, type];
  return concatenated([Uint8Array.from([...tag, ...lengthOctets(contents.length)]), contents]);
}

/** The maximum number of small elements in a receipt, in addition to its own elements. */
const MANY = 1400;

/** Small elements that are the most expensive to decode. Some elements have the maximum length for their type. */
const SMALL: readonly (readonly [string, Uint8Array])[] = [
  ['NULL', Uint8Array.of(0x05, 0)],
  ['BOOLEAN', Uint8Array.of(0x01, 1, 0xff)],
  ['INTEGER', element(2, false, new Uint8Array(132).fill(0x7f))],
  ['short INTEGER', element(2, false, new Uint8Array(40).fill(0x7f))],
  ['OBJECT IDENTIFIER', element(6, false, new Uint8Array(64).fill(1))],
  ['short OBJECT IDENTIFIER', element(6, false, new Uint8Array(19).fill(1))],
  ['OBJECT IDENTIFIER of large numbers', element(6, false, largeNumbers(63))],
  ['RELATIVE-OID', element(13, false, new Uint8Array(64).fill(1))],
  ['short RELATIVE-OID', element(13, false, new Uint8Array(19).fill(1))],
  ['UTCTime', element(23, false, Buffer.from('260101000000Z'))],
  ['GeneralizedTime', element(24, false, Buffer.from('20260101000000.1234567890123456Z'))],
  ['TIME', element(14, false, new Uint8Array(60).fill(0x31))],
  ['REAL', element(9, false, new Uint8Array(64).fill(3))],
  ['OCTET STRING', element(4, false, new Uint8Array(30).fill(1))],
  ['SEQUENCE', element(16, true, new Uint8Array())],
  ['relative name', relativeName(new Uint8Array(3).fill(0x55))],
  ['relative name of a long type', relativeName(new Uint8Array(19).fill(1))],
];

/** Many small elements in a row, up to the given number of octets. */
export function manyElements(length: number): readonly (readonly [string, Uint8Array])[] {
  return SMALL.map(([name, small]) => {
    const elements = name.startsWith('relative') ? 4 : 1;
    const count = Math.min(Math.floor(MANY / elements), Math.floor(length / small.length));
    return [`${count} of ${name}`, concatenated(Array.from({ length: count }, () => small))] as const;
  });
}

/** SET { SEQUENCE { type, value } }: a part of a Name. */
function relativeName(type: Uint8Array): Uint8Array {
  const attribute = concatenated([element(6, false, type), element(12, false, new Uint8Array(1).fill(0x61))]);
  return element(17, true, element(16, true, attribute));
}

/** Numbers of seven octets, the maximum for a number in an OBJECT IDENTIFIER. */
function largeNumbers(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index % 7 === 6 ? 0x7f : 0xff));
}
