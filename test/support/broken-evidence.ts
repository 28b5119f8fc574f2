import fc from 'fast-check';
import { octetString, sequence, tagged } from '../../src/testing/encoding/der.js';
import type { CertificateProfile } from './certificate-authority.js';
import { KeyUsageFlags, NOW } from './certificate-authority.js';
import {
  type AssertionChanges,
  type AttestationChanges,
  coseKey,
  keyUsageProperties,
  operatingSystem,
  PRODUCTION,
  signedExtensions,
} from './evidence.js';

const DAY = 24 * 60 * 60 * 1000;
const daysFromNow = (days: number): Date => new Date(NOW.getTime() + days * DAY);

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const leaf = (profile: Partial<CertificateProfile>): AttestationChanges => ({ leaf: profile });

/** The offset at which the signed part of a certificate ends. The signature algorithm (12 bytes) and the signature follow. */
export const signedPartEnd = (certificate: Uint8Array): number => {
  return 8 + new DataView(certificate.buffer, certificate.byteOffset).getUint16(6);
};

/** Changes the leaf certificate after it was signed. */
function changedLeaf(change: (certificate: DataView, signedPartEnd: number) => void): AttestationChanges {
  return {
    x5c: (leaf, intermediate) => {
      const changed = new Uint8Array(leaf);
      change(new DataView(changed.buffer), signedPartEnd(leaf));
      return [changed, intermediate];
    },
  };
}

/** Ways to break an attestation, or to leave it valid. Values are random where possible. */
export const brokenAttestation: Readonly<Record<string, fc.Arbitrary<AttestationChanges>>> = {
  nothing: fc.constant({}),
  'the leaf has expired': fc.constant(leaf({ notAfter: daysFromNow(-0.5) })),
  'the leaf is not valid yet': fc.constant(leaf({ notBefore: daysFromNow(0.5) })),
  'the leaf names another issuer': fc.constant(leaf({ issuer: 'CN=Somebody' })),
  'the key usage of the leaf does not allow signatures': fc.constant(leaf({ keyUsage: KeyUsageFlags.keyAgreement })),
  'the leaf has an unknown critical extension': fc.constant(
    leaf({ extensions: { '1.2.3.4': Uint8Array.of(5, 0) }, critical: ['1.2.3.4'] }),
  ),
  'only the first bytes of the aaguid are those of production': bytes(7)
    .filter((tail) => tail.some((byte) => byte !== 0))
    .map((tail) => ({ aaguid: new Uint8Array(Buffer.concat([PRODUCTION.subarray(0, 9), tail])) })),
  'the aaguid is unknown': bytes(16).map((aaguid) => ({ aaguid })),
  'the COSE key is a different key': bytes(64).map((xy) => ({
    coseKey: coseKey(new Uint8Array(Buffer.concat([Uint8Array.of(4), xy]))),
  })),
  'the COSE key is malformed': bytes(77).map((key) => ({ coseKey: key })),
  'the credential id belongs to another key': bytes(32).map((credentialId) => ({ credentialId })),
  'the counter is not zero': fc.integer({ min: 1, max: 0xffffffff }).map((counter) => ({ counter })),
  'the authenticator data is for another app': fc.constant({ appId: 'TEAMID1234.com.example.other' }),
  'the certificate is for another app': fc.constant({ properties: keyUsageProperties('TEAMID1234.com.example.other') }),
  'the attestation is for another challenge': fc.string().map((challenge) => ({ challenge: `${challenge}!` })),
  'the certificate has no nonce': fc.constant({ nonce: () => undefined }),
  'nothing, but the nonce is also valid ASN.1': fc.constant({ nonceReadsAsAsn1: true }),
  'the nonce is in a different structure': fc.constant({
    nonce: (nonce: Uint8Array) => sequence(tagged(1, octetString('first')), tagged(2, octetString(nonce))),
  }),
  'the certificate of a Mac has no access control list': fc.constant({ operatingSystem: operatingSystem('macosx') }),
  'random bytes follow the COSE key': fc.uint8Array({ minLength: 1, maxLength: 20 }).map((extensions) => ({
    extensions,
  })),
  'the bundle version is not text': fc.integer().map((number) => ({
    extensions: signedExtensions({ apple_bundle_version_01: number }),
  })),
  'a third certificate is malformed': bytes(20).map((third) => ({
    x5c: (one: Uint8Array, two: Uint8Array) => [one, two, third],
  })),
  'there is only one certificate': fc.constant({ x5c: (one: Uint8Array) => [one] }),
  'the length of a certificate is wrong': fc.constant(
    changedLeaf((certificate) => certificate.setUint16(2, certificate.getUint16(2) - 1)),
  ),
  'the signature algorithm of a certificate is not a SEQUENCE': fc.constant(
    changedLeaf((certificate, end) => certificate.setUint8(end, 0xb0)),
  ),
  'the signature of a certificate has unused bits': fc.constant(
    changedLeaf((certificate, end) => certificate.setUint8(end + 14, 1)),
  ),
  'the signature of a certificate is not a SEQUENCE': fc.constant(
    changedLeaf((certificate, end) => certificate.setUint8(end + 15, 0xb0)),
  ),
  'the format is unknown': fc.constant({ object: { fmt: 'packed' } }),
  'the receipt is text instead of bytes': fc.constant({ statement: { receipt: 'receipt' } }),
};

/** Ways to break an assertion, or to leave it valid. Values are random where possible. */
export const brokenAssertion: Readonly<Record<string, fc.Arbitrary<AssertionChanges>>> = {
  nothing: fc.constant({}),
  'the assertion is for another app': fc.constant({ appId: 'TEAMID1234.com.example.other' }),
  'the assertion is for another payload': fc.string().map((payload) => ({ payload: `${payload}!` })),
  'the counter does not increase': fc.constant({ counter: 0 }),
  'random bytes follow the counter': fc.uint8Array({ minLength: 1, maxLength: 20 }).map((extensions) => ({
    extensions,
  })),
  'the bundle version is not text': fc.integer().map((number) => ({
    extensions: signedExtensions({ apple_bundle_version_01: number }),
  })),
  'the signature is text instead of bytes': fc.constant({ object: { signature: 'signature' } }),
};

/** Chooses up to two of these ways to break evidence, and combines their changes. */
export function someOf<Changes extends object>(broken: Readonly<Record<string, fc.Arbitrary<Changes>>>) {
  return fc
    .subarray(Object.keys(broken), { maxLength: 2 })
    .chain((names) => fc.tuple(fc.constant(names), ...names.map((name) => broken[name] ?? fc.constant({}))))
    .map(([names, ...changes]) => ({ names, changes: changes.reduce(merge, {}) }));
}

function merge(one: object, other: object): object {
  const leafOf = (changes: object) => ('leaf' in changes ? (changes.leaf as object) : {});
  return { ...one, ...other, leaf: { ...leafOf(one), ...leafOf(other) } };
}

/** Changes of the finished bytes: no change, flipped bits in one byte, a truncation, or additional bytes at the end. */
export const damage: fc.Arbitrary<(object: Uint8Array) => Uint8Array> = fc.oneof(
  { weight: 3, arbitrary: fc.constant((object: Uint8Array) => object) },
  {
    weight: 4,
    arbitrary: fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })).map(([position, mask]) => (object: Uint8Array) => {
      const index = position % object.length;
      return object.with(index, (object[index] ?? 0) ^ mask);
    }),
  },
  { weight: 1, arbitrary: fc.nat().map((length) => (object: Uint8Array) => object.slice(0, length % object.length)) },
  {
    weight: 1,
    arbitrary: fc
      .uint8Array({ minLength: 1, maxLength: 8 })
      .map((tail) => (object: Uint8Array) => new Uint8Array(Buffer.concat([object, tail]))),
  },
);
