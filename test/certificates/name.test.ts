import { describe, expect, it } from 'vitest';
import { nameText } from '../../src/certificates/name.js';
import { der, objectIdentifier, sequence, set } from '../../src/testing/encoding/der.js';

const Tag = { Utf8: 0x0c, Printable: 0x13, Teletex: 0x14, Ia5: 0x16, Bmp: 0x1e } as const;

const attribute = (oid: string, text: string | Uint8Array, tag: number = Tag.Utf8): Uint8Array => {
  return sequence(objectIdentifier(oid), der(tag, typeof text === 'string' ? Buffer.from(text) : text));
};
const named = (...attributes: readonly Uint8Array[]): string => {
  return nameText(sequence(...attributes.map((each) => set(each))));
};

describe('a name', () => {
  it.each([
    ['2.5.4.3', 'CN'],
    ['2.5.4.6', 'C'],
    ['2.5.4.7', 'L'],
    ['2.5.4.8', 'ST'],
    ['2.5.4.10', 'O'],
    ['2.5.4.11', 'OU'],
    ['0.9.2342.19200300.100.1.25', 'DC'],
    ['1.2.840.113549.1.9.1', 'E'],
    ['2.5.4.42', '2.5.4.42'],
  ])('shows the attribute %s as %s', (oid, name) => {
    expect(named(attribute(oid, 'value'))).toBe(`${name}=value`);
  });

  it('shows its parts in their original order, with commas between parts and a plus sign inside a part', () => {
    expect(named(attribute('2.5.4.3', 'a'), attribute('2.5.4.10', 'b'))).toBe('CN=a, O=b');
    expect(nameText(sequence(set(attribute('2.5.4.3', 'a'), attribute('2.5.4.10', 'b'))))).toBe('CN=a+O=b');
  });

  it.each([
    [Tag.Utf8, Buffer.from('é'), 'é'],
    [Tag.Printable, Buffer.from('plain'), 'plain'],
    [Tag.Ia5, Buffer.from('mail@example.com'), 'mail@example.com'],
    [Tag.Teletex, Buffer.from('tele'), '#140474656c65'],
    [Tag.Bmp, Buffer.from('0041', 'hex'), '#1e020041'],
  ])(
    'shows UTF8String, PrintableString and IA5String as text, and other string types as hex: tag %i',
    (tag, bytes, text) => {
      expect(named(attribute('2.5.4.3', bytes, tag))).toBe(`CN=${text}`);
    },
  );

  it.each([
    ['a,b', String.raw`a\,b`],
    ['a+b"c\\d<e>f;g', String.raw`a\+b\"c\\d\<e\>f\;g`],
    ['#a#', String.raw`\#a#`],
    [' a ', String.raw`\ a\ `],
    ['a\nb', String.raw`a\0ab`],
    ['a\u2028b', String.raw`a\e2\80\a8b`],
    ['a\u202eb', String.raw`a\e2\80\aeb`],
  ])('escapes special characters and control characters: %j', (text, escaped) => {
    expect(named(attribute('2.5.4.3', text))).toBe(`CN=${escaped}`);
  });
});
