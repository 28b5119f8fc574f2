import fc from 'fast-check';
import {
  der,
  ia5String,
  NULL,
  objectIdentifier,
  octetString,
  printableString,
  sequence,
  set,
  tagged,
  utf8String,
} from '../../src/testing/encoding/der.js';

const octets = (maxLength: number) => fc.uint8Array({ maxLength });

/** Chooses the first kind of value in most cases, and the second kind in the other cases. */
const mostly = <Value>(right: fc.Arbitrary<Value>, wrong: fc.Arbitrary<Value>): fc.Arbitrary<Value> => {
  return fc.oneof({ weight: 12, arbitrary: right }, { weight: 1, arbitrary: wrong });
};

/** Object identifiers such as 1.2.840…, with small and large numbers. */
export const oid = fc
  .tuple(
    fc.constantFrom('0.9', '1.2', '1.39', '2.5', '2.47'),
    fc.array(fc.oneof(fc.nat({ max: 200 }), fc.nat({ max: 0x7fffffff })), { minLength: 1, maxLength: 5 }),
  )
  .map(([start, rest]) => [start, ...rest].join('.'));

const digits = (year: string) =>
  fc
    .date({ min: new Date('1950-01-01T00:00:00Z'), max: new Date('2120-01-01T00:00:00Z'), noInvalidDate: true })
    .map((date) =>
      date
        .toISOString()
        .replace(/\D/g, '')
        .slice(0, 14)
        .slice(year === 'two' ? 2 : 0),
    );

/**
 * UTCTime and GeneralizedTime elements with dates from 1950 to 2120. Some elements are malformed or have dates that do not
 * exist.
 */
const time = mostly(
  fc.oneof(
    digits('two').map((text) => der(0x17, Buffer.from(`${text}Z`))),
    digits('four').map((text) => der(0x18, Buffer.from(`${text}Z`))),
  ),
  fc.oneof(
    fc.stringMatching(/^\d{12}(Z|\+0000|)$/).map((text) => der(0x17, Buffer.from(text))),
    fc.stringMatching(/^20[5-9]\d{11}(\.\d{1,3})?(Z|\+0100|)$/).map((text) => der(0x18, Buffer.from(text))),
    fc.constantFrom('230229000000Z', '240229000000Z', '230431000000Z', '230101240000Z', '230101236000Z').map((text) => {
      return der(0x17, Buffer.from(text));
    }),
  ),
);

const text = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((value) => value !== ' ');
const ascii = fc.stringMatching(/^[A-Za-z0-9 ',#=+.;<>"\\-]{0,12}$/).filter((value) => value !== ' ');
/** Values of names. A single space is not included, because `@peculiar/x509` escapes such a value twice. */
const nameValue = fc.oneof(text.map(utf8String), ascii.map(printableString), ascii.map(ia5String));
const nameType = fc.oneof(
  fc.constantFrom('2.5.4.3', '2.5.4.6', '2.5.4.7', '2.5.4.8', '2.5.4.10', '2.5.4.11', '1.2.840.113549.1.9.1'),
  oid,
);
const attribute = fc.tuple(nameType, nameValue).map(([type, value]) => sequence(objectIdentifier(type), value));
const name = mostly(
  fc.array(fc.array(attribute, { minLength: 1, maxLength: 2 }), { maxLength: 4 }).map((relativeNames) => {
    return sequence(...relativeNames.map((attributes) => set(...attributes)));
  }),
  fc.constantFrom(NULL, sequence(set()), sequence(sequence()), sequence(set(sequence(NULL, NULL)))),
);

const boolean = mostly(fc.constantFrom(0xff), fc.constantFrom(0x00, 0x01, 0x7f)).map((octet) =>
  der(0x01, Uint8Array.of(octet)),
);

const anyInteger = fc.oneof(
  octets(4).map((contents) => der(0x02, contents)),
  fc.bigInt({ min: 0n, max: 1n << 70n }).map((value) => der(0x02, twosComplement(value))),
);

function twosComplement(value: bigint): Uint8Array {
  const hex = value.toString(16);
  return new Uint8Array(Buffer.from(hex.length % 2 ? `0${hex}` : /^[89a-f]/.test(hex) ? `00${hex}` : hex, 'hex'));
}

const pathLength = mostly(
  fc.nat({ max: 200 }).map((value) => der(0x02, twosComplement(BigInt(value)))),
  anyInteger,
);
const optional = <Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<readonly Value[]> => {
  return fc.array(arbitrary, { maxLength: 1 });
};
const basicConstraints = fc
  .tuple(optional(boolean), optional(pathLength))
  .map(([ca, length]) => sequence(...ca, ...length));

const keyUsage = mostly(
  fc.integer({ min: 1, max: 511 }).map((bits) => {
    const reversed = [...bits.toString(2).padStart(9, '0')].reverse().join('').replace(/0+$/, '');
    const unused = (8 - (reversed.length % 8)) % 8;
    const padded = reversed.padEnd(reversed.length + unused, '0').match(/.{8}/g) ?? [];
    return der(0x03, Uint8Array.of(unused, ...padded.map((octet) => Number.parseInt(octet, 2))));
  }),
  octets(4).map((contents) => der(0x03, contents)),
);

const extension = fc
  .tuple(
    fc.oneof(
      basicConstraints.map((value) => ['2.5.29.19', value] as const),
      keyUsage.map((value) => ['2.5.29.15', value] as const),
      fc.tuple(oid, octets(20)),
    ),
    optional(boolean),
  )
  .map(([[identifier, value], critical]) => {
    return sequence(objectIdentifier(identifier), ...critical, octetString(value));
  });

const ECDSA_WITH_SHA256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'));
const PUBLIC_KEY = sequence(
  sequence(objectIdentifier('1.2.840.10045.2.1'), objectIdentifier('1.2.840.10045.3.1.7')),
  der(0x03, Uint8Array.of(0, 4), new Uint8Array(64).fill(7)),
);

/**
 * Certificates with arbitrary fields. Some certificates have invalid fields. All certificates have the same invalid signature.
 */
export const certificate = fc
  .record({
    serial: mostly(fc.constant(der(0x02, Uint8Array.of(1))), anyInteger),
    issuer: name,
    validity: fc.tuple(time, time),
    subject: name,
    extensions: optional(fc.uniqueArray(extension, { minLength: 1, maxLength: 4 })),
  })
  .map(({ serial, issuer, validity, subject, extensions }) => {
    const tbs = sequence(
      tagged(0, der(0x02, Uint8Array.of(2))),
      serial,
      ECDSA_WITH_SHA256,
      issuer,
      sequence(...validity),
      subject,
      PUBLIC_KEY,
      ...extensions.map((all) => tagged(3, sequence(...all))),
    );
    return sequence(tbs, ECDSA_WITH_SHA256, der(0x03, Uint8Array.of(0), sequence(anyOne, anyOne)));
  });

const anyOne = der(0x02, Uint8Array.of(1));

const primitive = fc.oneof(
  octets(12).map(octetString),
  anyInteger,
  text.map(utf8String),
  time,
  boolean,
  octets(3).map((contents) => der(0x03, contents)),
  oid.map(objectIdentifier),
  fc.constant(NULL),
);

/** Elements whose tag number is 31 or more. Such a number is encoded in the octets after the first octet. */
const highType = fc.tuple(fc.integer({ min: 31, max: 16_383 }), octets(4)).map(([type, contents]) => {
  return der([0x1f, ...(type < 0x80 ? [type] : [0x80 | (type >> 7), type & 0x7f])], contents);
});

/** A SEQUENCE of elements with context-specific tags, as in Apple's extensions. Some elements have another form. */
export const taggedValues = fc
  .array(
    fc.oneof(
      { weight: 8, arbitrary: fc.tuple(fc.nat({ max: 1500 }), primitive).map(([tag, value]) => tagged(tag, value)) },
      { weight: 1, arbitrary: primitive },
      { weight: 1, arbitrary: fc.tuple(primitive, primitive).map((two) => tagged(9, ...two)) },
      { weight: 1, arbitrary: octets(5).map((contents) => der(0x8a, contents)) },
      { weight: 1, arbitrary: highType },
    ),
    { maxLength: 6 },
  )
  .map((elements) => sequence(...elements));

/** A SEQUENCE that contains one OCTET STRING under a context-specific tag. */
export const singleOctetString = fc
  .tuple(fc.nat({ max: 1500 }), octets(40))
  .map(([tag, contents]) => sequence(tagged(tag, octetString(contents))));

/** One of the given byte strings, with up to three octets replaced, inserted or removed. */
export function mutated(originals: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const change = fc.record({ at: fc.nat(), octet: fc.nat({ max: 255 }), kind: fc.constantFrom('set', 'add', 'drop') });
  return fc.tuple(originals, fc.array(change, { minLength: 1, maxLength: 3 })).map(([original, changes]) => {
    const bytes = [...original];
    for (const { at, octet, kind } of changes) {
      bytes.splice(at % (bytes.length + 1), kind === 'add' ? 0 : 1, ...(kind === 'drop' ? [] : [octet]));
    }
    return Uint8Array.from(bytes);
  });
}
