import { describe, expect, it } from 'vitest';
import { octetsOf, readBer } from '../../src/receipt/ber.js';
import { der, indefinite, NULL, octetString, sequence } from '../../src/testing/encoding/der.js';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'));
const nested = (depth: number, wrap: (contents: Uint8Array) => Uint8Array): Uint8Array => {
  let element: Uint8Array = NULL;
  for (let level = 0; level < depth; level += 1) element = wrap(element);
  return element;
};
const definite = (contents: Uint8Array): Uint8Array => sequence(contents);
const endless = (contents: Uint8Array): Uint8Array => indefinite(0x30, contents);

describe('BER', () => {
  it.each([0, 1, 127, 128, 255, 256, 65_535])('with contents of %i bytes is read', (length) => {
    const bytes = octetString(new Uint8Array(length));
    const element = readBer(bytes);
    expect(element).toMatchObject({ identifier: 0x04, children: [] });
    expect([element.bytes.length, element.contents.length]).toEqual([bytes.length, length]);
  });

  it.each([
    ['definite', sequence(NULL, octetString('a'))],
    ['indefinite', indefinite(0x30, NULL, octetString('a'))],
  ])('of %s length holds its children', (_, bytes) => {
    const element = readBer(bytes);
    expect(element.children.map(({ identifier }) => identifier)).toEqual([0x05, 0x04]);
    expect(Buffer.from(element.contents).toString('hex')).toBe('0500040161');
    expect(element.bytes).toEqual(bytes);
  });

  it('of indefinite length may hold more of it, and nothing', () => {
    expect(readBer(hex('30 80 24 80 00 00 30 00 00 00')).children.map(({ children }) => children)).toEqual([[], []]);
    expect(readBer(hex('30 80 00 00')).children).toEqual([]);
  });

  it.each([
    ['definite', definite],
    ['indefinite', endless],
  ])('has at most sixteen levels, %s', (_, wrap) => {
    readBer(nested(16, wrap));
    expect(() => readBer(nested(17, wrap))).toThrow('nested deeper');
  });

  it('has at most 2048 elements', () => {
    const nulls = (count: number): Uint8Array[] => Array.from({ length: count }, () => NULL);
    readBer(sequence(...nulls(2047)));
    expect(() => readBer(sequence(...nulls(2048)))).toThrow('more than 2048');
    expect(() => readBer(indefinite(0x30, ...nulls(2048)))).toThrow('more than 2048');
  });

  it('ends where its bytes end, neither earlier nor later', () => {
    const bytes = indefinite(0x30, octetString(new Uint8Array(200)), sequence(NULL));
    for (let length = 0; length < bytes.length; length += 1) {
      expect(() => readBer(bytes.subarray(0, length))).toThrow('in the middle');
    }
    expect(() => readBer(new Uint8Array([...bytes, 0]))).toThrow('1 bytes after');
  });

  const refused: readonly [string, string, string][] = [
    ['a primitive of indefinite length', '04 80 00 00', 'primitive'],
    ['a length of five octets', '04 85 0000000001 00', 'excessive'],
    ['a reserved length', '04 ff', 'excessive'],
    ['a short length in long form', '04 81 7f', 'shortest'],
    ['a length with a leading zero', '04 82 00 80', 'shortest'],
    ['a length of 2^32 - 1', '04 84 ffffffff', 'in the middle'],
    ['a high tag number', '1f 81 00 00', 'above 30'],
    ['a child that ends behind its parent', '30 03 04 02 00', 'in the middle'],
    ['an indefinite child that ends behind its parent', '30 02 30 80 00 00', 'in the middle'],
    ['an indefinite child whose end is half behind its parent', '30 80 30 03 30 80 00 00 00', 'in the middle'],
    ['an end that has no beginning', '00 00', 'without a beginning'],
    ['an end inside a definite length', '30 02 00 00', 'without a beginning'],
    ['an end with contents', '30 80 00 01 00 00 00', 'without a beginning'],
    ['a constructed end', '30 80 20 00 00 00', 'without a beginning'],
    ['one end for two beginnings', '30 80 30 80 00 00', 'in the middle'],
  ];
  it.each(refused)('with %s is refused', (_, text, reason) => {
    expect(() => readBer(hex(text))).toThrow(reason);
  });
});

describe('an OCTET STRING', () => {
  it.each([
    ['in one piece', octetString('abc')],
    ['in chunks', der(0x24, octetString('a'), octetString(''), octetString('bc'))],
    ['in endless chunks', indefinite(0x24, octetString('ab'), octetString('c'))],
    ['in chunks of chunks', indefinite(0x24, indefinite(0x24, octetString('a')), octetString('bc'))],
  ])('%s is put together', (_, bytes) => {
    expect(Buffer.from(octetsOf(readBer(bytes))).toString()).toBe('abc');
  });

  it.each([
    ['another element', NULL],
    ['chunks of another kind', der(0x24, octetString('a'), NULL)],
    ['chunks of chunks of another kind', der(0x24, der(0x24, sequence()))],
  ])('is not %s', (_, bytes) => {
    expect(() => octetsOf(readBer(bytes))).toThrow('in place of an OCTET STRING');
  });
});
