import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Certificate, decodeCertificate } from '../../src/certificates/certificate.js';
import { certificateKeyType } from '../../src/certificates/certificate-key.js';
import { fingerprint } from '../../src/certificates/fingerprint.js';
import { DecodingError } from '../../src/encoding/decoding-error.js';
import { readDer } from '../../src/encoding/der.js';
import { der, objectIdentifier, octetString, sequence } from '../../src/testing/encoding/der.js';
import {
  createAuthority,
  generateKeys,
  issueCertificate,
  KeyUsageFlags,
  LEAF_PROFILE,
} from '../support/certificate-authority.js';

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'));
const concat = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

const authority = await createAuthority();
const leaf = await issueCertificate(
  { ...LEAF_PROFILE, extensions: { '1.2.3.4': hex('0500') }, critical: ['1.2.3.4'] },
  await generateKeys('P-256'),
  authority.intermediate.keys,
);

const partsOf = (bytes: Uint8Array): Uint8Array[] => {
  return readDer(bytes).children.map(({ start, end }) => bytes.slice(start, end));
};
const [tbs = hex(''), algorithm = hex(''), signatureValue = hex('')] = partsOf(leaf.der);
const tbsParts = partsOf(tbs);

/** The leaf with changed parts of its tbsCertificate, the signed part of a certificate (RFC 5280 §4.1). */
const withTbs = (change: (parts: Uint8Array[]) => readonly Uint8Array[]): Uint8Array => {
  return sequence(sequence(...change([...tbsParts])), algorithm, signatureValue);
};
const replaced = (index: number, part: Uint8Array): Uint8Array => withTbs((parts) => parts.with(index, part));

describe('a certificate', () => {
  it('is decoded to the values that node:crypto decodes', () => {
    const certificate = decodeCertificate(leaf.der);
    const expected = new X509Certificate(leaf.der);
    expect(fingerprint(leaf.der)).toBe(expected.fingerprint256.replaceAll(':', '').toLowerCase());
    expect(certificate.notBefore).toEqual(new Date(expected.validFrom));
    expect(certificate.notAfter).toEqual(new Date(expected.validTo));
    expect(certificate.isCa).toBe(expected.ca);
    expect(Buffer.from(certificate.subjectPublicKeyInfo)).toEqual(
      expected.publicKey.export({ format: 'der', type: 'spki' }),
    );
    expect(certificate).toMatchObject({
      tbsCertificate: tbs,
      signature: signatureValue.slice(-certificate.signature.length),
      signatureHash: 'sha256',
      pathLength: undefined,
      keyUsage: LEAF_PROFILE.keyUsage,
      unknownCriticalExtensions: ['1.2.3.4'],
    });
    expect(certificate.extensions.get('1.2.3.4')).toEqual(hex('0500'));
    const named = decodeCertificate(withExtensions(extension('1.2.16385', hex('00'))));
    expect([...named.extensions.keys()]).toEqual(['1.2.16385']);
  });

  it('of a CA is decoded as a CA', () => {
    const { isCa, pathLength, keyUsage, signatureHash } = decodeCertificate(authority.intermediate.der);
    expect({ isCa, pathLength, signatureHash }).toEqual({ isCa: true, pathLength: 0, signatureHash: 'sha384' });
    expect(keyUsage).toBe(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign);
  });

  it.each([
    ['sha256', '02'],
    ['sha384', '03'],
    ['sha512', '04'],
  ])('that names ECDSA with %s is decoded with this hash algorithm', (hash, last) => {
    const named = sequence(hex(`06 08 2a8648ce3d0403${last}`));
    const bytes = sequence(sequence(...tbsParts.with(2, named)), named, signatureValue);
    expect(decodeCertificate(bytes).signatureHash).toBe(hash);
  });

  it('with another signature algorithm is decoded without a hash algorithm, so it cannot be verified', () => {
    const sha1 = sequence(hex('06 07 2a8648ce3d0401'));
    const rsa = sequence(hex('06 09 2a864886f70d01010b 0500'));
    const withParameters = sequence(hex('06 08 2a8648ce3d040302 0500'));
    for (const other of [sha1, rsa, withParameters]) {
      const bytes = sequence(sequence(...tbsParts.with(2, other)), other, signatureValue);
      expect(decodeCertificate(bytes).signatureHash).toBeUndefined();
    }
  });
});

/** The leaf with these extensions instead of the original extensions. */
const withExtensions = (...extensions: readonly Uint8Array[]): Uint8Array => {
  return replaced(7, der(0xa3, sequence(...extensions)));
};
const extension = (oid: string, value: Uint8Array, ...critical: readonly Uint8Array[]): Uint8Array => {
  return sequence(objectIdentifier(oid), ...critical, octetString(value));
};
const TRUE = hex('01 01 ff');
const FALSE = hex('01 01 00');

describe('the extensions of a certificate', () => {
  it('may contain basic constraints with a path length, with and without the CA flag', () => {
    const constraints = (...contents: readonly Uint8Array[]) => {
      const { isCa, pathLength } = decodeCertificate(
        withExtensions(extension('2.5.29.19', sequence(...contents), TRUE)),
      );
      return [isCa, pathLength];
    };
    expect(constraints()).toEqual([false, undefined]);
    expect(constraints(TRUE)).toEqual([true, undefined]);
    expect(constraints(TRUE, hex('02 01 00'))).toEqual([true, 0]);
    expect(constraints(TRUE, hex('02 02 00ff'))).toEqual([true, 255]);
    expect(constraints(hex('02 01 05'))).toEqual([false, 5]);
  });

  it.each([
    ['03 02 07 80', 1],
    ['03 02 01 06', (1 << 5) | (1 << 6)],
    ['03 02 00 ff', 0xff],
    ['03 03 07 00 80', 1 << 8],
    ['03 03 07 80 80', (1 << 8) | 1],
  ])('may contain the key usage BIT STRING %s', (bits, usage) => {
    expect(decodeCertificate(withExtensions(extension('2.5.29.15', hex(bits)))).keyUsage).toBe(usage);
  });

  it('may be missing', () => {
    const certificate = decodeCertificate(withTbs((parts) => parts.slice(0, 7)));
    expect(certificate).toMatchObject({ isCa: false, keyUsage: undefined, unknownCriticalExtensions: [] });
    expect(certificate.extensions.size).toBe(0);
  });
});

describe('the dates of a certificate', () => {
  const dated = (tag: number, text: string): Uint8Array => {
    return replaced(4, sequence(der(tag, Buffer.from(text)), hex('17 0d 3439313233313233353935395a')));
  };
  it.each([
    [0x17, '500101000000Z', '1950-01-01T00:00:00.000Z'],
    [0x17, '491231235959Z', '2049-12-31T23:59:59.000Z'],
    [0x17, '240229000000Z', '2024-02-29T00:00:00.000Z'],
    [0x18, '20500101000000Z', '2050-01-01T00:00:00.000Z'],
    [0x18, '99991231235959Z', '9999-12-31T23:59:59.000Z'],
  ])('are decoded if the tag is %i and the text is %s', (tag, text, date) => {
    expect(decodeCertificate(dated(tag, text)).notBefore.toISOString()).toBe(date);
  });

  it.each([
    [0x04, '20500101000000Z'],
    [0x18, '20491231235959Z'],
    [0x18, '20500001000000Z'],
    [0x18, '20501301000000Z'],
    [0x18, '20500100000000Z'],
    [0x18, '20500132000000Z'],
    [0x18, '20500101000000.5Z'],
    [0x17, '230229000000Z'],
    [0x17, '230431000000Z'],
    [0x17, '230001000000Z'],
    [0x17, '231301000000Z'],
    [0x17, '230101240000Z'],
    [0x17, '230101006000Z'],
    [0x17, '230101000060Z'],
    [0x17, '230101990000Z'],
  ])('are rejected if the tag is %i and the text is %s', (tag, text) => {
    expect(() => decodeCertificate(dated(tag, text))).toThrow('a date');
  });
});

describe('the bytes of a certificate', () => {
  const longForm = (element: Uint8Array): Uint8Array => concat(hex('30 81'), element.slice(1));
  const indefinite = (element: Uint8Array): Uint8Array => concat(hex('30 80'), element.slice(2), hex('00 00'));
  const refused: readonly [string, Uint8Array, string][] = [
    [
      'has an issuer name whose short length is in long form',
      replaced(3, longForm(tbsParts[3] ?? hex(''))),
      'shortest',
    ],
    ['has an indefinite length in its issuer name', replaced(3, indefinite(tbsParts[3] ?? hex(''))), 'indefinite'],
    ['has version 1', withTbs((parts) => parts.slice(1)), 'version 3'],
    ['has version 2', replaced(0, hex('a0 03 02 01 01')), 'version 3'],
    [
      'has different signature algorithms inside and outside its signed part',
      replaced(2, sequence(hex('06 08 2a8648ce3d040303'))),
      'two different signature algorithms',
    ],
    ['has no public key', withTbs((parts) => parts.slice(0, 6)), 'incomplete'],
    ['has a fourth part', sequence(tbs, algorithm, signatureValue, hex('0500')), 'three parts'],
    ['has only two parts', sequence(tbs, algorithm), 'three parts'],
    ['is a SET', der(0x31, tbs, algorithm, signatureValue), 'not a SEQUENCE'],
    ['has a SET as its tbsCertificate', sequence(der(0x31, ...tbsParts), algorithm, signatureValue), 'not a SEQUENCE'],
    [
      'has unused bits in its signature',
      sequence(tbs, algorithm, der(0x03, hex('01'), signatureValue.slice(3, -1), hex('00'))),
      'whole bytes',
    ],
    [
      'has an OCTET STRING as its signature',
      sequence(tbs, algorithm, der(0x04, hex('00'), signatureValue.slice(3))),
      'whole bytes',
    ],
    ['has an empty signature', sequence(tbs, algorithm, hex('03 00')), 'value of universal type 3'],
    ['has a serial number that is not an INTEGER', replaced(1, hex('0500')), 'serial number'],
    [
      'has an empty signature algorithm',
      sequence(sequence(...tbsParts.with(2, sequence())), sequence(), signatureValue),
      'algorithm',
    ],
    [
      'has two parameters of its key algorithm',
      replaced(6, sequence(sequence(hex('0601 2a'), hex('0500'), hex('0500')), hex('0301 00'))),
      'algorithm',
    ],
    ['has a key that is not a BIT STRING', replaced(6, sequence(algorithm, hex('0400'))), 'BIT STRING'],
    ['has a public key of three parts', replaced(6, sequence(algorithm, hex('0301 00'), hex('0500'))), 'BIT STRING'],
    ['has a public key of one part', replaced(6, sequence(algorithm)), 'BIT STRING'],
    ['has an empty public key', replaced(6, sequence()), 'BIT STRING'],
    ['has only one date', replaced(4, sequence(hex('17 0d 3439313233313233353935395a'))), 'two dates'],
    ['has no dates', replaced(4, sequence()), 'two dates'],
    ['has only one part', sequence(tbs), 'three parts'],
    ['has no parts', sequence(), 'three parts'],
    ['has three dates', replaced(4, sequence(...Array(3).fill(hex('17 0d 3439313233313233353935395a')))), 'two dates'],
    ['has a name that is a SET', replaced(3, der(0x31)), 'malformed X.501 name'],
    [
      'has a SEQUENCE instead of a SET in its name',
      replaced(5, sequence(sequence(sequence(hex('0601 2a'), hex('0c00'))))),
      'malformed X.501 name',
    ],
    [
      'has a SET instead of a SEQUENCE in its name',
      replaced(5, sequence(der(0x31, der(0x31, hex('0601 2a'), hex('0c00'))))),
      'malformed X.501 name',
    ],
    ['has an empty attribute in its name', replaced(5, sequence(der(0x31, sequence()))), 'malformed X.501 name'],
    [
      'has an attribute of three parts in its name',
      replaced(5, sequence(der(0x31, sequence(hex('0601 2a'), hex('0c00'), hex('0c00'))))),
      'malformed X.501 name',
    ],
    ['has an empty SET in its name', replaced(5, sequence(der(0x31))), 'malformed X.501 name'],
    [
      'has an attribute without a value in its name',
      replaced(5, sequence(der(0x31, sequence(hex('0601 2a'))))),
      'malformed X.501 name',
    ],
    [
      'has an attribute whose value is NULL in its name',
      replaced(5, sequence(der(0x31, sequence(hex('0601 2a'), hex('0500'))))),
      'malformed X.501 name',
    ],
    [
      'has an attribute whose value has a reserved type in its name',
      replaced(5, sequence(der(0x31, sequence(hex('0601 2a'), hex('0f00'))))),
      'reserved type or the wrong form',
    ],
    [
      'has an attribute whose type is NULL in its name',
      replaced(5, sequence(der(0x31, sequence(hex('0500'), hex('0c00'))))),
      'malformed X.501 name',
    ],
    [
      'has an attribute whose type and value are NULL in its name',
      replaced(5, sequence(der(0x31, sequence(hex('0500'), hex('0500'))))),
      'malformed X.501 name',
    ],
    [
      'has an attribute type in its name that has a number in eight octets',
      replaced(5, sequence(der(0x31, sequence(hex('06 09 2a ffffffffffffff7f'), hex('0c00'))))),
      'type 6',
    ],
    [
      'has a unique identifier',
      withTbs((parts) => [...parts.slice(0, 7), hex('81 01 00'), ...parts.slice(7)]),
      'too many',
    ],
    ['has a unique identifier in place of its extensions', replaced(7, hex('81 01 00')), 'extensions'],
    [
      'has another tag around its extensions',
      replaced(7, der(0xa2, sequence(extension('1.2.3', hex('00'))))),
      'extensions',
    ],
    ['has a SET of extensions', replaced(7, der(0xa3, der(0x31, extension('1.2.3', hex('00'))))), 'extensions'],
    ['has two empty lists of extensions', replaced(7, der(0xa3, sequence(), sequence())), 'extensions'],
    [
      'has a list of one extension and an empty list of extensions',
      replaced(7, der(0xa3, sequence(extension('1.2.3', hex('00'))), sequence())),
      'extensions',
    ],
    [
      'has an INTEGER that has the contents of TRUE as the field critical',
      withExtensions(extension('1.2.3', hex('00'), hex('02 01 ff'))),
      'extensions',
    ],
    ['has an empty extension', withExtensions(sequence()), 'extensions'],
    [
      'has an extension that has three values',
      withExtensions(sequence(objectIdentifier('1.2.3'), octetString(''), octetString(''), octetString(''))),
      'extensions',
    ],
    ['has an empty list of extensions', withExtensions(), 'extensions'],
    [
      'has a duplicate extension',
      withExtensions(extension('1.2.3', hex('00')), extension('1.2.3', hex('01'))),
      'twice',
    ],
    ['has FALSE as the field critical', withExtensions(extension('1.2.3', hex('00'), FALSE)), 'extensions'],
    [
      'has the INTEGER 1 as the field critical',
      withExtensions(extension('1.2.3', hex('00'), hex('02 01 01'))),
      'extensions',
    ],
    [
      'has an extension that has the field critical twice',
      withExtensions(extension('1.2.3', hex('00'), TRUE, TRUE)),
      'extensions',
    ],
    ['has an extension without a value', withExtensions(sequence(objectIdentifier('1.2.3'))), 'extensions'],
    [
      'has an extension whose value is not an OCTET STRING',
      withExtensions(sequence(objectIdentifier('1.2.3'), hex('0500'))),
      'extensions',
    ],
    [
      'has an extension without an object identifier',
      withExtensions(sequence(hex('0500'), octetString(''))),
      'extensions',
    ],
    [
      'has an extension that is a SET',
      withExtensions(der(0x31, objectIdentifier('1.2.3'), octetString(''))),
      'extensions',
    ],
    [
      'has an extension whose object identifier has a number in eight octets',
      withExtensions(sequence(hex('06 09 2a ffffffffffffff7f'), octetString(''))),
      'type 6',
    ],
    ['has FALSE as the CA flag', withExtensions(extension('2.5.29.19', sequence(FALSE))), 'basic constraints'],
    [
      'has a negative path length',
      withExtensions(extension('2.5.29.19', sequence(TRUE, hex('02 01 ff')))),
      'basic constraints',
    ],
    [
      'has a path length that is too large',
      withExtensions(extension('2.5.29.19', sequence(TRUE, hex('02 08 7fffffffffffffff')))),
      'basic constraints',
    ],
    [
      'has a path length before the CA flag',
      withExtensions(extension('2.5.29.19', sequence(hex('02 01 01'), TRUE))),
      'basic constraints',
    ],
    [
      'has a path length that is not an INTEGER',
      withExtensions(extension('2.5.29.19', sequence(TRUE, hex('0401 01')))),
      'basic constraints',
    ],
    [
      'has two path lengths',
      withExtensions(extension('2.5.29.19', sequence(TRUE, hex('02 01 01'), hex('02 01 01')))),
      'basic constraints',
    ],
    ['has basic constraints that are a SET', withExtensions(extension('2.5.29.19', der(0x31))), 'basic constraints'],
    ['has an empty key usage', withExtensions(extension('2.5.29.15', hex('03 01 00'))), 'key usage'],
    [
      'has a key usage that ends in a zero bit',
      withExtensions(extension('2.5.29.15', hex('03 02 06 80'))),
      'key usage',
    ],
    [
      'has a key usage that ends in a zero octet',
      withExtensions(extension('2.5.29.15', hex('03 03 00 80 00'))),
      'key usage',
    ],
    ['has a key usage of 17 bits', withExtensions(extension('2.5.29.15', hex('03 04 07 80 80 80'))), 'key usage'],
    [
      'has a key usage that is an OCTET STRING',
      withExtensions(extension('2.5.29.15', hex('04 02 07 80'))),
      'key usage',
    ],
    ['has bytes after its key usage', withExtensions(extension('2.5.29.15', hex('03 02 07 80 00'))), 'after the DER'],
    ['has NULL for both dates', replaced(4, sequence(hex('0500'), hex('0500'))), 'not an X.509 certificate'],
  ];
  it.each(refused)('are rejected if the certificate %s', (_, bytes, reason) => {
    expect(() => decodeCertificate(bytes)).toThrow(DecodingError);
    expect(() => decodeCertificate(bytes)).toThrow(reason);
  });

  it('are rejected with a short message, even if an object identifier has 10,000 octets', () => {
    const named = sequence(der(0x06, new Uint8Array(10_000).fill(1)), octetString(''));
    expect(() => decodeCertificate(withExtensions(named, named))).toThrow(/^.{1,150}$/);
  });
});

describe('the type of the key in a certificate', () => {
  const typeOf = (spki: Uint8Array) => certificateKeyType({ subjectPublicKeyInfo: spki } as Certificate);
  const keys: readonly [string, KeyObject][] = [
    ['secp384r1', generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey],
    ['rsa', generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey],
    ['ed25519', generateKeyPairSync('ed25519').publicKey],
  ];
  it.each(keys)('is reported as %s', (type, key) => {
    expect(typeOf(key.export({ format: 'der', type: 'spki' }))).toBe(type);
  });

  it('is reported as unknown if the key cannot be decoded', () => {
    expect(typeOf(hex('3000'))).toBe('unknown');
  });
});
