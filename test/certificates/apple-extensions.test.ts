import { describe, expect, it } from 'vitest';
import { readSingleOctetString, TaggedValues } from '../../src/certificates/apple-extensions.js';
import { DecodingError } from '../../src/encoding/decoding-error.js';
import { der, integer, octetString, sequence, tagged } from '../../src/testing/encoding/der.js';

const bytes = Uint8Array.of(1, 2, 3);

describe('a single OCTET STRING in a SEQUENCE', () => {
  it('is decoded with the required tag number, or with any tag number if none is required', () => {
    expect(readSingleOctetString(sequence(tagged(1, octetString(bytes))), 1)).toEqual(bytes);
    expect(readSingleOctetString(sequence(tagged(7, octetString(bytes))))).toEqual(bytes);
    expect(readSingleOctetString(sequence(tagged(1, octetString(''))), 1)).toEqual(new Uint8Array());
  });

  const refused: readonly [string, Uint8Array, string][] = [
    ['an empty SEQUENCE', sequence(), 'SEQUENCE of one'],
    ['two elements', sequence(tagged(1, octetString(bytes)), tagged(1, octetString(bytes))), 'SEQUENCE of one'],
    ['an element with another tag number', sequence(tagged(2, octetString(bytes))), 'expected tag'],
    ['an OCTET STRING without a tag', sequence(octetString(bytes)), 'expected tag'],
    ['an element with an application tag', sequence(der(0x61, octetString(bytes))), 'expected tag'],
    ['a tagged element without contents', sequence(tagged(1)), 'OCTET STRING'],
    [
      'two OCTET STRINGs in one tagged element',
      sequence(tagged(1, octetString(bytes), octetString(bytes))),
      'OCTET STRING',
    ],
    ['a tagged INTEGER', sequence(tagged(1, integer(3))), 'OCTET STRING'],
    ['a primitive tagged element', sequence(der(0x81, bytes)), 'OCTET STRING'],
    ['a SET', der(0x31, tagged(1, octetString(bytes))), 'not a SEQUENCE'],
    [
      'a SEQUENCE with bytes after it',
      Buffer.concat([sequence(tagged(1, octetString(bytes))), bytes]),
      'after the DER',
    ],
    ['empty bytes', new Uint8Array(), 'in the middle'],
    ['a malformed GeneralizedTime', sequence(tagged(1, der(0x18, Buffer.from('no time')))), 'malformed DER value'],
  ];
  it.each(refused)('is not decoded from %s', (_, extension, reason) => {
    expect(() => readSingleOctetString(extension, 1)).toThrow(DecodingError);
    expect(() => readSingleOctetString(extension, 1)).toThrow(reason);
  });
});

describe('tagged values', () => {
  const values = new TaggedValues(
    sequence(
      tagged(1400, octetString('27.0')),
      tagged(1104, integer(2)),
      tagged(1105, der(0x02, Uint8Array.of(0, 0xff, 0xff, 0xff, 0xff))),
      tagged(1106, der(0x02, new Uint8Array(9).fill(0x7f))),
      tagged(1107, octetString(Uint8Array.of(0xff))),
      tagged(1108, integer(1), integer(2)),
      octetString('untagged'),
    ),
  );

  it('are decoded as text and numbers', () => {
    expect(values.text(1400)).toBe('27.0');
    expect(values.number(1104)).toBe(2);
    expect(values.number(1105)).toBe(4_294_967_295);
  });

  it('are undefined if they do not have the requested type, are too large, are not UTF-8 or are absent', () => {
    expect(values.number(1400)).toBeUndefined();
    expect(values.text(1104)).toBeUndefined();
    expect(values.number(1106)).toBeUndefined();
    expect(values.text(1107)).toBeUndefined();
    expect(values.has(1108)).toBe(false);
    expect(values.text(1)).toBeUndefined();
  });

  it('are rejected if a tag number occurs twice, or if the extension is not a SEQUENCE', () => {
    expect(() => new TaggedValues(sequence(tagged(1, integer(1)), tagged(1, integer(1))))).toThrow(
      'tag 1 occurs twice',
    );
    expect(() => new TaggedValues(octetString(''))).toThrow('not a SEQUENCE');
  });
});
