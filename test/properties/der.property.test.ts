import { assertProperty } from '../support/assert-property.js';
import 'reflect-metadata';
import { BasicConstraintsExtension, KeyUsagesExtension, X509Certificate } from '@peculiar/x509';
import { type AsnType, Constructed, Enumerated, fromBER, Integer, OctetString, Sequence } from 'asn1js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSingleOctetString, TaggedValues } from '../../src/certificates/apple-extensions.js';
import { type Certificate, decodeCertificate } from '../../src/certificates/certificate.js';
import { nameText } from '../../src/certificates/name.js';
import { decodeCborMap } from '../../src/encoding/cbor-map.js';
import { DecodingError } from '../../src/encoding/decoding-error.js';
import { certificate, mutated, singleOctetString, taggedValues } from '../support/arbitrary-der.js';
import { fixtures, fromBase64 } from '../support/recordings.js';

/** The number of runs. To change it, set the environment variable RUNS. */
const { RUNS = '1000' } = process.env;

/** The certificates in the fixtures. A seed gives the same values everywhere, because all machines have the fixtures. */
const recorded = fixtures.flatMap(({ attestation }) => {
  if (!attestation) return [];
  return decodeCborMap(fromBase64(attestation.object)).map('attStmt').arrayOfBytes('x5c');
});
const recordedExtensions = recorded.flatMap((bytes) => [...decodeCertificate(bytes).extensions.values()]);

/** Returns the decoded value, or `undefined` if the decoder rejects the bytes. */
function decodedOrRefused<Decoded>(decode: () => Decoded): Decoded | undefined {
  try {
    return decode();
  } catch (error) {
    expect(error).toBeInstanceOf(DecodingError);
    return undefined;
  }
}

/** Checks a property for generated values, and returns how many values were accepted. If the result is 0, nothing was tested. */
async function accepted<Value>(values: fc.Arbitrary<Value>, isAccepted: (value: Value) => boolean): Promise<number> {
  let count = 0;
  const property = fc.property(values, (value) => {
    if (isAccepted(value)) count += 1;
  });
  await assertProperty(property, { numRuns: Number(RUNS) });
  return count;
}

function meaning({ notBefore, notAfter, isCa, pathLength, keyUsage, extensions, ...rest }: Certificate) {
  return {
    notBefore,
    notAfter,
    isCa,
    pathLength,
    keyUsage,
    extensions: [...extensions].map(([oid, value]) => [oid, Buffer.from(value).toString('hex')]),
    unknownCriticalExtensions: rest.unknownCriticalExtensions,
  };
}

function meaningByPeculiar(bytes: Uint8Array) {
  const read = new X509Certificate(bytes);
  const basicConstraints = read.getExtension(BasicConstraintsExtension);
  return {
    notBefore: read.notBefore,
    notAfter: read.notAfter,
    isCa: basicConstraints?.ca ?? false,
    // @peculiar/x509 returns a long INTEGER as text.
    pathLength: basicConstraints?.pathLength === undefined ? undefined : Number(basicConstraints.pathLength),
    keyUsage: read.getExtension(KeyUsagesExtension)?.usages,
    extensions: read.extensions.map(({ type, value }) => [type, Buffer.from(value).toString('hex')]),
    unknownCriticalExtensions: read.extensions
      .filter(({ critical, type }) => critical && type !== '2.5.29.15' && type !== '2.5.29.19')
      .map(({ type }) => type),
  };
}

describe('a certificate that decodeCertificate accepts', () => {
  const means = (bytes: Uint8Array): boolean => {
    const decoded = decodedOrRefused(() => decodeCertificate(bytes));
    if (!decoded) return false;
    let expected: ReturnType<typeof meaningByPeculiar>;
    try {
      expected = meaningByPeculiar(bytes);
    } catch {
      // @peculiar/x509 also decodes extensions that this package does not decode, and throws if their contents are malformed.
      return false;
    }
    expect(meaning(decoded)).toEqual(expected);
    return true;
  };

  it('is decoded as @peculiar/x509 decodes it', async () => {
    expect(await accepted(certificate, means)).toBeGreaterThan(15);
  });

  it('is decoded as @peculiar/x509 decodes it, even after a random change of its bytes', async () => {
    expect(await accepted(mutated(fc.constantFrom(...recorded)), means)).toBeGreaterThan(15);
    expect(await accepted(mutated(certificate), means)).toBeGreaterThan(0);
  });

  it('has the names that @peculiar/x509 decodes', async () => {
    const plain = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u;
    const names = (bytes: Uint8Array): boolean => {
      const decoded = decodedOrRefused(() => decodeCertificate(bytes));
      if (!decoded) return false;
      const { subject, issuer } = new X509Certificate(bytes);
      if (plain.test(subject)) expect(nameText(decoded.subject)).toBe(subject);
      if (plain.test(issuer)) expect(nameText(decoded.issuer)).toBe(issuer);
      return plain.test(subject + issuer);
    };
    expect(await accepted(certificate, names)).toBeGreaterThan(15);
  });
});

/** The explicitly tagged values in a SEQUENCE, as `asn1js` decodes them. */
function valuesByAsn1js(extension: Uint8Array): Map<number, AsnType> {
  const { result } = fromBER(extension);
  if (!(result instanceof Sequence)) throw new Error(`asn1js does not decode a SEQUENCE: ${result.error}`);
  const values = new Map<number, AsnType>();
  for (const element of result.valueBlock.value) {
    if (element.idBlock.tagClass !== 3 || !(element instanceof Constructed)) continue;
    const [value, ...others] = element.valueBlock.value;
    if (value && others.length === 0) values.set(element.idBlock.tagNumber, value);
  }
  return values;
}

function textOf(value: AsnType | undefined): string | undefined {
  if (!(value instanceof OctetString)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array(value.valueBlock.valueHexView));
  } catch {
    return undefined;
  }
}

function numberOf(value: AsnType | undefined): number | undefined {
  // In asn1js, Enumerated is a subclass of Integer.
  const isInteger = value instanceof Integer && !(value instanceof Enumerated);
  const number = isInteger ? Number(value.toBigInt()) : Number.NaN;
  return Number.isSafeInteger(number) ? number : undefined;
}

describe('an extension that the decoder accepts', () => {
  const arbitrary = fc.oneof(
    taggedValues,
    mutated(taggedValues),
    singleOctetString,
    mutated(singleOctetString),
    mutated(fc.constantFrom(...recordedExtensions)),
  );

  it('has the tagged values that asn1js decodes', async () => {
    const holds = (extension: Uint8Array): boolean => {
      const values = decodedOrRefused(() => new TaggedValues(extension));
      if (!values) return false;
      const expected = valuesByAsn1js(extension);
      for (let tag = 0; tag <= 1500; tag += 1) {
        if (values.has(tag) !== expected.has(tag))
          throw new Error(`only one decoder finds a value with the tag number ${tag}`);
        if (!values.has(tag)) continue;
        expect(values.text(tag)).toBe(textOf(expected.get(tag)));
        expect(values.number(tag)).toBe(numberOf(expected.get(tag)));
      }
      return true;
    };
    expect(await accepted(arbitrary, holds)).toBeGreaterThan(200);
  });

  it('has the OCTET STRING that asn1js decodes', async () => {
    const holds = (extension: Uint8Array): boolean => {
      const octets = decodedOrRefused(() => readSingleOctetString(extension));
      if (!octets) return false;
      const [value, ...others] = [...valuesByAsn1js(extension).values()];
      expect(others).toEqual([]);
      expect(value instanceof OctetString && new Uint8Array(value.valueBlock.valueHexView)).toEqual(octets);
      return true;
    };
    expect(await accepted(arbitrary, holds)).toBeGreaterThan(15);
  });
});
