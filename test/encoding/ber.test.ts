import { describe, expect, it } from 'vitest';
import { normalizeBer, readBer } from '../../src/encoding/ber.js';
import { der, indefinite, NULL, octetString, sequence, set, utf8String } from '../../src/testing/encoding/der.js';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'));
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
/** An OCTET STRING whose length is encoded in three octets. */
const longOctetString = (length: number): Uint8Array => {
  const head = Uint8Array.of(0x04, 0x83, length >> 16, (length >> 8) & 0xff, length & 0xff);
  return new Uint8Array(Buffer.concat([head, new Uint8Array(length)]));
};
const nested = (
  depth: number,
  wrap: (contents: Uint8Array) => Uint8Array,
  innermost: Uint8Array = NULL,
): Uint8Array => {
  let element: Uint8Array = innermost;
  for (let level = 0; level < depth; level += 1) element = wrap(element);
  return element;
};
const definite = (contents: Uint8Array): Uint8Array => sequence(contents);
const endless = (contents: Uint8Array): Uint8Array => indefinite(0x30, contents);

describe('BER', () => {
  it.each([0, 1, 127, 128, 255, 256, 65_535, 65_536, 70_000])(
    'that is already DER does not change if its contents have %i bytes',
    (length) => {
      const head = length < 65_536 ? octetString(new Uint8Array(length)) : longOctetString(length);
      expect(hexOf(normalizeBer(head))).toBe(hexOf(head));
      expect(readBer(head).element).toMatchObject({ tag: 0x04, start: 0, end: head.length, children: [] });
    },
  );

  const normalized: readonly [string, Uint8Array, Uint8Array][] = [
    ['an indefinite length', indefinite(0x30, NULL, octetString('a')), sequence(NULL, octetString('a'))],
    ['an empty element of indefinite length', hex('30 80 00 00'), sequence()],
    ['nested indefinite lengths', indefinite(0x31, indefinite(0xa0, NULL), NULL), set(der(0xa0, NULL), NULL)],
    ['an indefinite length inside a definite length', sequence(indefinite(0x30, NULL)), sequence(sequence(NULL))],
    [
      'an OCTET STRING of two zero bytes inside an indefinite length',
      indefinite(0x30, octetString(hex('0000'))),
      sequence(octetString(hex('0000'))),
    ],
    ['an OCTET STRING in chunks', der(0x24, octetString('a'), octetString(''), octetString('bc')), octetString('abc')],
    ['an OCTET STRING without chunks', der(0x24), octetString('')],
    [
      'an OCTET STRING in chunks and with an indefinite length',
      indefinite(0x24, octetString('ab'), octetString('c')),
      octetString('abc'),
    ],
    [
      'an OCTET STRING whose chunks consist of chunks',
      indefinite(0x24, indefinite(0x24, octetString('a')), der(0x24), octetString('bc')),
      octetString('abc'),
    ],
    [
      'an indefinite length that becomes a length of 304 because chunks are joined',
      indefinite(0x30, indefinite(0x24, ...Array.from({ length: 3 }, () => octetString(new Uint8Array(100))))),
      sequence(octetString(new Uint8Array(300))),
    ],
    [
      'an indefinite length that becomes a length of 200',
      indefinite(0x30, octetString(new Uint8Array(197))),
      sequence(octetString(new Uint8Array(197))),
    ],
  ];
  it.each(normalized)('with %s is converted to DER', (_, ber, expected) => {
    expect(hexOf(normalizeBer(ber))).toBe(hexOf(expected));
    expect(hexOf(readBer(ber).der)).toBe(hexOf(expected));
  });

  it.each([
    ['definite', definite],
    ['indefinite', endless],
  ])('of %s length may be nested sixteen levels deep, but not deeper', (_, wrap) => {
    readBer(nested(16, wrap));
    expect(() => readBer(nested(17, wrap))).toThrow('BER nested deeper');
  });

  it('may have at most 2048 elements', () => {
    const nulls = (count: number): Uint8Array[] => Array.from({ length: count }, () => NULL);
    readBer(sequence(...nulls(2047)));
    expect(() => readBer(sequence(...nulls(2048)))).toThrow('more than 2048');
    expect(() => readBer(indefinite(0x30, ...nulls(2048)))).toThrow('more than 2048');
  });

  it('is rejected if it is truncated, or if a byte follows it', () => {
    const bytes = indefinite(0x30, octetString(new Uint8Array(200)), sequence(NULL));
    for (let length = 0; length < bytes.length; length += 1) {
      expect(() => readBer(bytes.subarray(0, length))).toThrow('in the middle');
    }
    expect(() => readBer(new Uint8Array([...bytes, 0]))).toThrow('1 bytes after');
  });

  const refused: readonly [string, string, string][] = [
    ['a primitive element of indefinite length', '04 80 00 00', 'primitive'],
    ['a length in five octets', '04 85 0000000001 00', 'indefinite or too large'],
    ['the reserved length octet ff', '04 ff', 'indefinite or too large'],
    ['a length below 128 in long form', '04 81 7f', 'shortest'],
    ['a length with a leading zero', '04 82 00 80', 'shortest'],
    ['a length of 2^32 - 1', '04 84 ffffffff', 'in the middle'],
    ['a tag number above 30', '1f 81 00 00', 'above 30'],
    ['a child that ends after its parent', '30 03 04 02 00', 'in the middle'],
    ['a child of indefinite length that ends after its parent', '30 02 30 80 00 00', 'in the middle'],
    [
      'a child of indefinite length whose end-of-contents octets do not fit in its parent',
      '30 80 30 03 30 80 00 00 00',
      'in the middle',
    ],
    ['end-of-contents octets in place of an element', '00 00', 'end-of-contents'],
    ['end-of-contents octets inside a definite length', '30 02 00 00', 'end-of-contents'],
    ['an end-of-contents tag with the length 1', '30 80 00 01 00 00 00', 'end-of-contents'],
    ['a constructed end-of-contents tag', '30 80 20 00 00 00', 'end-of-contents'],
    ['end-of-contents octets for only one of two indefinite lengths', '30 80 30 80 00 00', 'in the middle'],
  ];
  it.each(refused)('with %s is rejected', (_, text, reason) => {
    expect(() => readBer(hex(text))).toThrow(reason);
  });
});

describe('a constructed OCTET STRING in BER', () => {
  it.each([
    ['a NULL', der(0x24, octetString('a'), NULL)],
    ['a SEQUENCE inside a chunk', der(0x24, der(0x24, sequence()))],
    ['a SEQUENCE of indefinite length', indefinite(0x24, indefinite(0x30))],
    ['a constructed UTF8String', der(0x24, der(0x2c, utf8String('a')))],
  ])('must not contain %s', (_, bytes) => {
    expect(() => readBer(bytes)).toThrow('a chunk of a BER OCTET STRING is not an OCTET STRING');
  });

  it('may be nested sixteen levels deep and may have 2047 chunks, but not more', () => {
    const wrap = (contents: Uint8Array): Uint8Array => indefinite(0x24, contents);
    const empty = octetString('');
    readBer(nested(16, wrap, empty));
    expect(() => readBer(nested(17, wrap, empty))).toThrow('nested deeper');
    readBer(indefinite(0x24, ...Array.from({ length: 2047 }, () => empty)));
    expect(() => readBer(indefinite(0x24, ...Array.from({ length: 2048 }, () => empty)))).toThrow('more than 2048');
  });
});

describe('BER', () => {
  it.each([
    ['a BOOLEAN of two octets', '01 02 ffff'],
    ['a constructed UTF8String', '2c 80 0c 01 61 00 00'],
    ['a primitive SEQUENCE', '10 00'],
    ['a NULL with contents', '05 01 00'],
  ])('is rejected if its conversion to DER leaves %s', (_, text) => {
    expect(() => readBer(hex(text))).toThrow(/ DER /);
  });
});
