import { describe, expect, it } from 'vitest';
import { decodeCborMap } from '../../src/encoding/cbor-map.js';
import { DecodingError } from '../../src/encoding/decoding-error.js';
import { cbor } from '../../src/testing/encoding/cbor.js';

const map = decodeCborMap(
  cbor({
    text: 'a',
    bytes: Uint8Array.of(1, 2, 3, 4),
    five: new Uint8Array(5),
    map: { a: 1 },
    array: [Uint8Array.of(1), Uint8Array.of(2)],
    mixed: [Uint8Array.of(1), 'b'],
    number: 7,
    most: 0xffff_ffff,
    large: 0x1_0000_0000,
    negative: -1,
    fraction: 1.5,
  }),
);

describe('a CBOR map', () => {
  it('returns the value of each field if the method matches the type of the field', () => {
    expect(map.text('text')).toBe('a');
    expect(map.bytes('five')).toEqual(new Uint8Array(5));
    expect(map.map('map').names()).toEqual(['a']);
    expect(map.arrayOfBytes('array')).toEqual([Uint8Array.of(1), Uint8Array.of(2)]);
    expect(map.uint32('number')).toBe(7);
    expect(map.uint32('most')).toBe(0xffff_ffff);
    expect(map.uint32('bytes')).toBe(0x0403_0201);
  });

  const wrong: readonly [() => unknown, string][] = [
    [() => map.text('bytes'), 'the field bytes is not text'],
    [() => map.bytes('text'), 'the field text is not a byte string'],
    [() => map.map('text'), 'the field text is not a map'],
    [() => map.map('array'), 'the field array is not a map'],
    [() => map.arrayOfBytes('text'), 'the field text is not an array of byte strings'],
    [() => map.arrayOfBytes('mixed'), 'the field mixed is not an array of byte strings'],
    [() => map.arrayOfBytes('bytes'), 'the field bytes is not an array of byte strings'],
    [() => map.uint32('five'), 'the field five is not a 32-bit number'],
    [() => map.uint32('text'), 'the field text is not a 32-bit number'],
    [() => map.uint32('large'), 'the field large is not a 32-bit number'],
    [() => map.uint32('negative'), 'the field negative is not a 32-bit number'],
    [() => map.uint32('fraction'), 'the field fraction is not a 32-bit number'],
    [() => map.text('none'), 'the field none is missing'],
  ];
  it.each(wrong)('rejects a missing field, and a field whose type does not match the method: %s', (read, message) => {
    expect(read).toThrow(new DecodingError(message));
  });

  it.each([
    ['rejects a half-precision float as a number', 'f94400', false],
    ['rejects a single-precision float as a number', 'fa40800000', false],
    ['rejects a double-precision float as a number', 'fb4010000000000000', false],
    ['accepts an unsigned integer as a number', '04', true],
    ['accepts an unsigned integer of four bytes as a number', '1a00010000', true],
    ['rejects an unsigned integer of eight bytes as a number', '1b0000000100000000', false],
    ['rejects a negative integer as a number', '23', false],
    ['rejects true as a number', 'f5', false],
  ] as const)('%s', (_, value, isNumber) => {
    // The map {"a": value, 7: 0, "é": value}.
    const map = decodeCborMap(Buffer.from(`a36161${value}070062c3a9${value}`, 'hex'));
    for (const name of ['a', 'é']) {
      if (isNumber) expect(map.uint32(name)).toBeGreaterThan(3);
      else expect(() => map.uint32(name)).toThrow(`field ${name} is not a 32-bit number`);
    }
  });

  it('rejects a float as a number even if a nested map has an integer under the key of the float', () => {
    // The map {"m": {"a": 4}, "a": 4.0}.
    const map = decodeCborMap(Buffer.from('a2616da16161046161f94400', 'hex'));
    expect(() => map.uint32('a')).toThrow('not a 32-bit number');
  });

  it.each(['00', '80', '61 61', '40'])('is not decoded from the bytes %s, which are another CBOR item', (hex) => {
    expect(() => decodeCborMap(new Uint8Array(Buffer.from(hex.replace(' ', ''), 'hex')))).toThrow('not a CBOR map');
  });

  it('may have fields with the names __proto__ and constructor', () => {
    const names = decodeCborMap(cbor({ ['__proto__']: 1, constructor: 2 })).names();
    expect(names).toEqual(['__proto__', 'constructor']);
  });
});
