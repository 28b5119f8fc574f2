import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeCertificate } from '../../src/certificates/certificate.js';
import { children, readElement } from '../../src/certificates/der.js';
import { DecodingError } from '../../src/decoding-error.js';
import { der, sequence } from '../../src/testing/encoding/der.js';
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
  return [...children(bytes, readElement(bytes, 0, bytes.length))].map(({ start, end }) => bytes.slice(start, end));
};
const [tbs = hex(''), algorithm = hex(''), signatureValue = hex('')] = partsOf(leaf.der);
const tbsParts = partsOf(tbs);

/** The leaf with the parts of its tbsCertificate changed. */
const withTbs = (change: (parts: Uint8Array[]) => readonly Uint8Array[]): Uint8Array => {
  return sequence(sequence(...change([...tbsParts])), algorithm, signatureValue);
};
const replaced = (index: number, part: Uint8Array): Uint8Array => withTbs((parts) => parts.with(index, part));

describe('a certificate', () => {
  it('is decoded to what node:crypto reads', () => {
    const certificate = decodeCertificate(leaf.der);
    const expected = new X509Certificate(leaf.der);
    expect(certificate.fingerprint).toBe(expected.fingerprint256.replaceAll(':', '').toLowerCase());
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
  });

  it('of a CA says so', () => {
    const { isCa, pathLength, keyUsage, signatureHash } = decodeCertificate(authority.intermediate.der);
    expect({ isCa, pathLength, signatureHash }).toEqual({ isCa: true, pathLength: 0, signatureHash: 'sha384' });
    expect(keyUsage).toBe(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign);
  });

  it('keeps nothing of the bytes that it came in', () => {
    const buffer = new Uint8Array(leaf.der);
    const { subject, tbsCertificate } = decodeCertificate(buffer);
    buffer.fill(0);
    expect(subject[0]).toBe(0x30);
    expect(tbsCertificate).toEqual(tbs);
  });

  it('with another signature algorithm is decoded, and has no hash to verify it with', () => {
    const sha1 = sequence(hex('06 07 2a8648ce3d0401'));
    const rsa = sequence(hex('06 09 2a864886f70d01010b 0500'));
    const withParameters = sequence(hex('06 08 2a8648ce3d040302 0500'));
    for (const other of [sha1, rsa, withParameters]) {
      const bytes = sequence(sequence(...tbsParts.with(2, other)), other, signatureValue);
      expect(decodeCertificate(bytes).signatureHash).toBeUndefined();
    }
  });
});

describe('a certificate is refused', () => {
  const longForm = (element: Uint8Array): Uint8Array => concat(hex('30 81'), element.slice(1));
  const indefinite = (element: Uint8Array): Uint8Array => concat(hex('30 80'), element.slice(2), hex('00 00'));
  const refused: readonly [string, Uint8Array, string][] = [
    ['with a length in long form deep inside', replaced(3, longForm(tbsParts[3] ?? hex(''))), 'shortest'],
    ['with an indefinite length deep inside', replaced(3, indefinite(tbsParts[3] ?? hex(''))), 'indefinite'],
    ['of version 1', withTbs((parts) => parts.slice(1)), 'version 3'],
    ['of version 2', replaced(0, hex('a0 03 02 01 01')), 'version 3'],
    ['with two signature algorithms', replaced(2, sequence(hex('06 08 2a8648ce3d040303'))), 'two signature algorithms'],
    ['without a public key', withTbs((parts) => parts.slice(0, 6)), 'incomplete'],
    ['with a fourth part', sequence(tbs, algorithm, signatureValue, hex('0500')), 'three parts'],
    ['with two parts', sequence(tbs, algorithm), 'three parts'],
    ['that is a SET', der(0x31, tbs, algorithm, signatureValue), 'not a SEQUENCE'],
    ['whose tbsCertificate is a SET', sequence(der(0x31, ...tbsParts), algorithm, signatureValue), 'not a SEQUENCE'],
    [
      'with unused bits in its signature',
      sequence(tbs, algorithm, der(0x03, hex('01'), signatureValue.slice(3, -1), hex('00'))),
      'whole bytes',
    ],
    [
      'with an OCTET STRING for a signature',
      sequence(tbs, algorithm, der(0x04, hex('00'), signatureValue.slice(3))),
      'whole bytes',
    ],
    ['with an empty signature', sequence(tbs, algorithm, hex('03 00')), 'value of type 3'],
    ['with a date that is none', replaced(4, sequence(hex('0500'), hex('0500'))), 'not an X.509 certificate'],
  ];
  it.each(refused)('%s', (_, bytes, reason) => {
    expect(() => decodeCertificate(bytes)).toThrow(DecodingError);
    expect(() => decodeCertificate(bytes)).toThrow(reason);
  });
});
