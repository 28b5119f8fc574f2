import { describe, expect, it } from 'vitest';
import { readDer } from '../../src/encoding/der.js';
import { der, octetString, sequence, tagged } from '../../src/testing/encoding/der.js';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'));
const nested = (depth: number): Uint8Array => {
  let element = hex('05 00');
  for (let level = 0; level < depth; level += 1) element = sequence(element);
  return element;
};

describe('DER', () => {
  it.each([0, 1, 127, 128, 255, 256, 65_535])('with contents of %i bytes is decoded', (length) => {
    const bytes = octetString(new Uint8Array(length));
    const element = readDer(bytes);
    expect(element).toMatchObject({ tag: 0x04, start: 0, end: bytes.length });
    expect(element.end - element.contents).toBe(length);
  });

  it.each([31, 127, 128, 1400, 16_383])('with tag number %i is decoded', (tagNumber) => {
    const tag = tagNumber < 128 ? [0xbf, tagNumber] : [0xbf, 0x80 | (tagNumber >> 7), tagNumber & 0x7f];
    const bytes = der(tag, octetString('x'));
    const element = readDer(bytes);
    expect(element.tagNumber).toBe(tagNumber);
    expect(element.children.map((child) => child.tag)).toEqual([0x04]);
  });

  it('is decoded with the children of a constructed element', () => {
    const bytes = sequence(octetString('a'), sequence(), tagged(1400, octetString('b')));
    const found = readDer(bytes).children;
    expect(found.map(({ tag }) => tag)).toEqual([0x04, 0x30, 0xbf]);
    expect(found.at(-1)?.end).toBe(bytes.length);
  });

  it('may contain malformed DER inside an OCTET STRING', () => {
    readDer(octetString(hex('30 80')));
  });

  it('may be nested sixteen levels deep, but not deeper', () => {
    readDer(nested(16));
    expect(() => readDer(nested(17))).toThrow('nested deeper');
  });

  it('may have at most 2048 elements', () => {
    const nulls = (count: number): Uint8Array[] => Array.from({ length: count }, () => hex('05 00'));
    readDer(sequence(...nulls(2047)));
    expect(() => readDer(sequence(...nulls(2048)))).toThrow('more than 2048');
  });

  it('is rejected if it is truncated, or if a byte follows it', () => {
    const bytes = sequence(octetString(new Uint8Array(200)), tagged(1400, octetString('x')));
    for (let length = 0; length < bytes.length; length += 1) {
      expect(() => readDer(bytes.subarray(0, length))).toThrow('in the middle');
    }
    expect(() => readDer(new Uint8Array([...bytes, 0]))).toThrow('1 bytes after');
  });

  it.each([
    ['01 01 00', '01 01 ff'],
    ['02 01 00', '02 01 80', '02 02 0080', '02 02 ff7f', '0a 01 05'],
    ['03 01 00', '03 02 07 80', '03 02 00 ff'],
    ['05 00', '06 01 2a', '06 03 81 34 01', '0c 02 c3bc'],
    ['18 13 32303530303130313030303030302e313235 5a'],
    ['80 00', '80 02 0000', '5f 8a39 00', '40 00'],
    ['06 03 81 80 01', '06 04 81 80 80 01', '1e 02 0041', '1c 04 00000041'],
    [`18 20 3230353030313031303030303030 2e${'30'.repeat(15)}31 5a`, '18 11 3939393939393939393939393939 2e39 5a'],
    ['1f 1f 00', '1f 20 00', '1f 22 00', '1f 24 00', `1f 24 40${'61'.repeat(64)}`],
    ['1c 08 0010ffff 0000d7ff', '1c 04 0000e000', '1c 00', '1e 04 d7ff e000', '1e 00'],
    [
      '0d 01 2a',
      `0d 13 ${'2a'.repeat(19)}`,
      `06 13 ${'2a'.repeat(19)}`,
      `06 3f ${'ffffffffffff7f'.repeat(9)}`,
      `02 8184 01${'00'.repeat(131)}`,
    ],
    ['09 00', `09 40 ${'00'.repeat(64)}`, `0e 40 ${'00'.repeat(64)}`, '5f 25 00', '5f 8a39 00'],
    ['06 07 ffffffffffff7f', '06 09 2a ffffffffffff7f 00', `06 40 ${'ffffffffffff7f'.repeat(9)} 2a`],
    ['30 09 010100 1c 04 00000041', '30 07 010100 1e 02 0041'],
    ['30 06 1e 02 0041 d800', '30 0a 1c 04 00000041 d802 0000'],
  ])('may contain values such as %s', (...texts) => {
    for (const text of texts) readDer(hex(text));
  });

  const refused: readonly [string, string, string][] = [
    ['an indefinite length', '30 80 0000', 'indefinite'],
    ['a length in five octets', '04 85 0000000001 00', 'indefinite or too large'],
    ['a length below 128 in long form', '04 81 7f', 'shortest'],
    ['a length with a leading zero', '04 82 00 80', 'shortest'],
    ['a length in four octets with a leading zero', '04 84 00 010000', 'shortest'],
    ['a tag number below 31 in the form for higher tag numbers', '1f 1e 00', 'shortest'],
    ['a tag number above 30 with a leading zero', '1f 80 1f 00', 'shortest'],
    ['a tag number in three octets', '1f 81 80 00 00', 'above 16383'],
    ['a child that ends after its parent', '30 03 04 02 00', 'in the middle'],
    ['a child of indefinite length', '30 04 30 80 00 00', 'indefinite'],
    ['a BOOLEAN of two octets', '01 02 ffff', 'type 1'],
    ['a BOOLEAN that is neither 00 nor ff', '30 03 01 01 01', 'type 1'],
    ['an empty INTEGER', '02 00', 'type 2'],
    ['an INTEGER with a leading zero', '02 02 007f', 'type 2'],
    ['a negative INTEGER with a leading ff', '02 02 ff80', 'type 2'],
    ['an ENUMERATED with a leading zero', '0a 02 0001', 'type 10'],
    ['a BIT STRING without its first octet', '03 00', 'type 3'],
    ['a BIT STRING with eight unused bits', '03 02 08 00', 'type 3'],
    ['a BIT STRING with an unused bit that is 1', '03 02 01 81', 'type 3'],
    ['an empty BIT STRING with unused bits', '03 01 01', 'type 3'],
    ['a NULL with contents', '05 01 00', 'type 5'],
    ['an empty OBJECT IDENTIFIER', '06 00', 'type 6'],
    ['an OBJECT IDENTIFIER whose first number has a leading zero', '06 02 80 01', 'type 6'],
    ['an OBJECT IDENTIFIER whose second number has a leading zero', '06 03 2a 80 01', 'type 6'],
    ['an OBJECT IDENTIFIER that ends inside a number', '06 02 2a 86', 'type 6'],
    ['an OBJECT IDENTIFIER that ends inside a number with the octet 80', '06 03 2a 81 80', 'type 6'],
    ['an OBJECT IDENTIFIER with a number in eight octets', '06 08 81 ffffffffffff7f', 'type 6'],
    ['a UTF8String that is not UTF-8', '0c 02 c3 28', 'type 12'],
    ['a UTCTime without seconds', '17 0b 32333031303130303030 5a', 'type 23'],
    ['a UTCTime with an offset', '17 11 323330313031303030303030 2b30303030', 'type 23'],
    ['a UTCTime of thirteen digits and a Z', `17 0e ${'30'.repeat(13)} 5a`, 'type 23'],
    ['a UTCTime with a digit after its Z', `17 0e ${'30'.repeat(12)} 5a 30`, 'type 23'],
    ['a GeneralizedTime of fifteen digits and a Z', `18 10 ${'30'.repeat(15)} 5a`, 'type 24'],
    ['a GeneralizedTime with a digit after its Z', `18 10 ${'30'.repeat(14)} 5a 30`, 'type 24'],
    ['a GeneralizedTime without a digit after its decimal point', `18 10 ${'30'.repeat(14)} 2e 5a`, 'type 24'],
    ['a GeneralizedTime with a colon in place of its last digit', `18 0f ${'30'.repeat(13)} 3a 5a`, 'type 24'],
    [
      'a GeneralizedTime with a colon in place of the digit before its decimal point',
      `18 11 ${'30'.repeat(13)} 3a 2e31 5a`,
      'type 24',
    ],
    [
      'a GeneralizedTime with a colon in place of the digit after its decimal point',
      `18 11 ${'30'.repeat(14)} 2e3a 5a`,
      'type 24',
    ],
    ['a GeneralizedTime with a comma instead of a decimal point', `18 11 ${'30'.repeat(14)} 2c31 5a`, 'type 24'],
    ['a GeneralizedTime with a fraction and no Z', `18 11 ${'30'.repeat(14)} 2e31 31`, 'type 24'],
    ['a GeneralizedTime with two decimal points', `18 12 ${'30'.repeat(14)} 2e2e31 5a`, 'type 24'],
    ['a UTCTime with a slash in place of its first digit', `17 0d 2f${'30'.repeat(11)} 5a`, 'type 23'],
    ['a UTCTime with a colon in place of its last digit', `17 0d ${'39'.repeat(11)}3a 5a`, 'type 23'],
    ['a UTCTime without a Z', `17 0d ${'30'.repeat(13)}`, 'type 23'],
    ['a UTCTime with a fraction', `17 0f ${'30'.repeat(12)} 2e31 5a`, 'type 23'],
    ['a GeneralizedTime of 33 octets', `18 21 ${'30'.repeat(14)} 2e ${'31'.repeat(17)} 5a`, 'type 24'],
    ['a GeneralizedTime whose fraction ends in a zero', '18 12 3230353030313031303030303030 2e3130 5a', 'type 24'],
    ['a GeneralizedTime of 40 octets', `18 28 ${'30'.repeat(39)} 5a`, 'type 24'],
    ['the reserved tag number 37', '1f 25 00', 'reserved'],
    ['the reserved tag number 1209', '1f 8939 03 020100', 'reserved'],
    ['the reserved tag number 16383', '1f ff7f 00', 'reserved'],
    ['a constructed element with a reserved tag number', '3f 25 00', 'reserved'],
    ['a constructed OID-IRI', '3f 23 00', 'form'],
    ['an INTEGER of 133 octets', `02 8185 01${'00'.repeat(132)}`, 'type 2'],
    ['an ENUMERATED of 133 octets', `0a 8185 01${'00'.repeat(132)}`, 'type 10'],
    ['an OBJECT IDENTIFIER of 65 octets', `06 41 ${'ffffffffff7f'.repeat(10)}ffffffff7f`, 'type 6'],
    ['an OBJECT IDENTIFIER of 21 components', `06 14 ${'2a'.repeat(20)}`, 'type 6'],
    ['a RELATIVE-OID of 20 numbers', `0d 14 ${'2a'.repeat(20)}`, 'type 13'],
    ['a RELATIVE-OID of 65 octets', `0d 41 ${'2a'.repeat(65)}`, 'type 13'],
    ['an empty RELATIVE-OID', '0d 00', 'type 13'],
    ['a REAL of 65 octets', `09 41 ${'00'.repeat(65)}`, 'type 9'],
    ['a TIME of 65 octets', `0e 41 ${'31'.repeat(65)}`, 'type 14'],
    ['a DATE of 65 octets', `1f 1f 41 ${'31'.repeat(65)}`, 'type 31'],
    ['a RELATIVE-OID-IRI of 65 octets', `1f 24 41 ${'61'.repeat(65)}`, 'type 36'],
    ['a UniversalString with a character above U+10FFFF', '1c 08 00000041 00110000', 'type 28'],
    ['a UniversalString with the first half of a surrogate pair', '1c 04 0000d800', 'type 28'],
    ['a UniversalString with the last half of a surrogate pair', '1c 04 0000dfff', 'type 28'],
    ['a UniversalString with the character number 2^32 - 1', '1c 04 ffffffff', 'type 28'],
    ['a BMPString with half of a surrogate pair', '1e 04 0041 d800', 'type 30'],
    ['a BMPString with a surrogate pair', '1e 04 d83d de00', 'type 30'],
    ['a UniversalString of two octets', '1c 02 0000', 'type 28'],
    ['a UniversalString of three octets', '1c 03 000000', 'type 28'],
    ['a BMPString of one octet', '1e 01 00', 'type 30'],
    ['a constructed OCTET STRING', '24 02 04 00', 'form'],
    ['a primitive SEQUENCE', '10 00', 'form'],
    ['end-of-contents octets', '30 02 00 00', 'form'],
  ];
  it.each(refused)('with %s is rejected', (_, text, reason) => {
    expect(() => readDer(hex(text))).toThrow(reason);
  });
});
