import { Decoder } from 'cbor-x/decode-no-eval';
import { describe, expect, it } from 'vitest';
import { DecodingError } from '../../src/encoding/decoding-error.js';
import { assertWellFormedCbor } from '../../src/encoding/well-formed-cbor.js';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'));
const concat = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const filled = (byte: number, count: number): Uint8Array => new Uint8Array(count).fill(byte);

/** Examples from RFC 8949 appendix A without tags and indefinite lengths, and numbers at the limits of each length. */
const EXAMPLES: readonly [string, unknown][] = [
  ['00', 0],
  ['17', 23],
  ['1818', 24],
  ['18ff', 255],
  ['190100', 256],
  ['19ffff', 65_535],
  ['1a00010000', 65_536],
  ['1affffffff', 4_294_967_295],
  ['1b0000000100000000', 4_294_967_296n],
  ['1bffffffffffffffff', 18446744073709551615n],
  ['20', -1],
  ['3903e7', -1000],
  ['f4', false],
  ['f5', true],
  ['f6', null],
  ['f7', undefined],
  ['f93c00', 1],
  ['fa47c35000', 100_000],
  ['fb3ff199999999999a', 1.1],
  ['40', new Uint8Array()],
  ['4401020304', Uint8Array.of(1, 2, 3, 4)],
  ['60', ''],
  ['62c3bc', 'ü'],
  ['64f0908591', '\ud800\udd51'],
  ['80', []],
  ['8301820203820405', [1, [2, 3], [4, 5]]],
  ['a0', new Map()],
  [
    'a26161016162820203',
    new Map<unknown, unknown>([
      ['a', 1],
      ['b', [2, 3]],
    ]),
  ],
  [
    'a201020304',
    new Map([
      [1, 2],
      [3, 4],
    ]),
  ],
];

describe('text that begins with a byte order mark', () => {
  const decoder = new Decoder({ mapsAsObjects: false, useRecords: false });
  const text = (value: string): Uint8Array => {
    const bytes = Buffer.from(value);
    const head = bytes.length < 24 ? [0x60 + bytes.length] : [0x78, bytes.length];
    return concat(Uint8Array.from(head), bytes);
  };

  it('is decoded by cbor-x without the mark if the text is long, and with the mark if the text is short', () => {
    expect(decoder.decode(text('\ufeff42'))).toBe('\ufeff42');
    expect(decoder.decode(text(`\ufeff${'4'.repeat(62)}`))).toBe('4'.repeat(62));
  });

  it.each(['\ufeff', '\ufeff42', `\ufeff${'4'.repeat(62)}`])('is rejected if the text is %o', (value) => {
    for (const bytes of [text(value), concat(hex('a1'), text(value), hex('00')), concat(hex('a16161'), text(value))]) {
      expect(() => assertWellFormedCbor(bytes)).toThrow(DecodingError);
    }
  });

  it.each(['4\ufeff', '\u2eff', '\uff00', '\uff3f', '\ufec0', `4${'\ufeff'.repeat(30)}`])(
    'is not confused with the text %o, which is accepted',
    (value) => {
      assertWellFormedCbor(text(value));
      expect(decoder.decode(text(value))).toBe(value);
    },
  );
});

describe('accepted CBOR', () => {
  const decoder = new Decoder({ mapsAsObjects: false, useRecords: false });
  it.each(EXAMPLES)('includes the example %s, which cbor-x decodes correctly', (text, value) => {
    assertWellFormedCbor(hex(text));
    expect(decoder.decode(hex(text))).toEqual(value);
  });

  it('must not be truncated, and no byte may follow it', () => {
    for (const [text] of EXAMPLES) {
      const bytes = hex(text);
      for (let length = 0; length < bytes.length; length += 1) {
        const read = () => assertWellFormedCbor(bytes.subarray(0, length));
        expect(read).toThrow(DecodingError);
        expect(read).toThrow('ends in the middle');
      }
      expect(() => assertWellFormedCbor(concat(bytes, filled(0, 1)))).toThrow('1 bytes after');
    }
  });

  it('may be a slice of a larger buffer', () => {
    assertWellFormedCbor(hex('ff 43 010203 ff').subarray(1, 5));
  });

  it('may be nested eight levels deep, but not deeper', () => {
    assertWellFormedCbor(concat(filled(0x81, 8), hex('00')));
    assertWellFormedCbor(hex(`${'a1 00 '.repeat(8)}00`));
    expect(() => assertWellFormedCbor(concat(filled(0x81, 9), hex('00')))).toThrow('nested deeper');
    expect(() => assertWellFormedCbor(hex(`${'a1 00 '.repeat(9)}00`))).toThrow('nested deeper');
  });

  it('may have at most 256 items', () => {
    assertWellFormedCbor(concat(hex('98 ff'), filled(0, 255)));
    expect(() => assertWellFormedCbor(concat(hex('99 0100'), filled(0, 256)))).toThrow('more than 256');
    expect(() => assertWellFormedCbor(concat(hex('b9 0100'), filled(0, 512)))).toThrow();
  });

  const refused: readonly [string, string, string][] = [
    ['a number below 24 in one additional byte', '18 17', 'shortest'],
    ['a number below 256 in two additional bytes', '19 00ff', 'shortest'],
    ['a number below 65536 in four additional bytes', '1a 0000ffff', 'shortest'],
    ['a number below 2^32 in eight additional bytes', '1b 00000000ffffffff', 'shortest'],
    ['a negative number that is not in its shortest form', '38 17', 'shortest'],
    ['a byte string whose length is not in its shortest form', '58 01 00', 'shortest'],
    ['the reserved additional information 28', '1c', 'reserved'],
    ['the reserved additional information 29', '5d', 'reserved'],
    ['the reserved additional information 30', '9e', 'reserved'],
    ['a byte string of indefinite length', '5f ff', 'indefinite'],
    ['a map of indefinite length', 'bf ff', 'indefinite'],
    ['a break outside an indefinite length', 'ff', 'indefinite'],
    ['a tag', 'c1 00', 'tags'],
    ['a nested tag', '81 d8 18 41 00', 'tags'],
    ['an unassigned simple value', 'f3', 'simple'],
    ['a simple value in an additional byte', 'f8 20', 'simple'],
    ['UTF-8 with an overlong encoding', '62 c080', 'UTF-8'],
    ['a surrogate in UTF-8', '63 eda080', 'UTF-8'],
    ['a duplicate text key', 'a2 6161 00 6161 00', 'twice'],
    ['a duplicate integer key', 'a2 20 00 20 00', 'twice'],
    ['a byte string as a key', 'a1 41 61 00', 'key'],
    ['a map as a key', 'a1 a0 00', 'key'],
    ['false as a key', 'a1 f4 00', 'key'],
  ];
  it.each(refused)('must not contain %s', (_, text, reason) => {
    expect(() => assertWellFormedCbor(hex(text))).toThrow(reason);
  });

  it('may have text keys, and those whose values are unsigned integers are returned', () => {
    const text = 'a6 6161 07 6162 20 6163 6161 01 01 21 02 6164 f5';
    expect(assertWellFormedCbor(hex(text))).toEqual(new Set(['a']));
  });

  it('may contain the text key "1" and the integer key 1 in one map', () => {
    assertWellFormedCbor(hex('a2 6131 00 01 00'));
  });
});
