import { decodeCertificate } from '../../src/certificates/certificate.js';
import type { CertificateChain } from '../../src/certificates/certificate-chain.js';
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

export { KeyUsageFlags };

export const NOW = new Date('2026-10-01T12:00:00Z');
const DAY = 24 * 60 * 60 * 1000;
const daysFromNow = (days: number): Date => new Date(NOW.getTime() + days * DAY);

export type CurveName = 'P-256' | 'P-384';

/** The contents of a certificate. Tests change one field at a time. */
export interface CertificateProfile {
  subject: string;
  issuer: string;
  notBefore: Date;
  notAfter: Date;
  hash: 'SHA-256' | 'SHA-384';
  /** `undefined` for a certificate without basic constraints. */
  ca: boolean | undefined;
  pathLength: number | undefined;
  /** `undefined` for a certificate without key usage. */
  keyUsage: number | undefined;
  /** Values by object identifier. */
  extensions: Readonly<Record<string, Uint8Array>>;
  critical: readonly string[];
  /** Object identifiers of extensions that the certificate contains twice. RFC 5280 §4.2 does not allow this. */
  repeated: readonly string[];
}

export interface IssuedCertificate {
  der: Uint8Array;
  keys: webcrypto.CryptoKeyPair;
  profile: CertificateProfile;
}

export function generateKeys(curve: CurveName): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: curve }, true, ['sign', 'verify']);
}

/** Issues a certificate for `keys`, signed with `signer`. Without `signer`, the certificate is self-signed. */
export async function issueCertificate(
  profile: CertificateProfile,
  keys: webcrypto.CryptoKeyPair,
  signer: webcrypto.CryptoKeyPair = keys,
): Promise<IssuedCertificate> {
  const extensions: Extension[] = [];
  if (profile.ca !== undefined) extensions.push(new BasicConstraintsExtension(profile.ca, profile.pathLength, true));
  if (profile.keyUsage !== undefined) extensions.push(new KeyUsagesExtension(profile.keyUsage, true));
  for (const [oid, value] of Object.entries(profile.extensions)) {
    const extension = (): Extension => new Extension(oid, profile.critical.includes(oid), value);
    extensions.push(extension());
    if (profile.repeated.includes(oid)) extensions.push(extension());
  }
  const certificate = await X509CertificateGenerator.create({
    serialNumber: '01',
    subject: profile.subject,
    issuer: profile.issuer,
    notBefore: profile.notBefore,
    notAfter: profile.notAfter,
    signingAlgorithm: { name: 'ECDSA', hash: profile.hash },
    publicKey: keys.publicKey,
    signingKey: signer.privateKey,
    extensions,
  });
  return { der: new Uint8Array(certificate.rawData), keys, profile };
}

const ROOT_NAME = 'CN=Apple App Attestation Root CA, O=Apple Inc., ST=California';
const INTERMEDIATE_NAME = 'CN=Apple App Attestation CA 1, O=Apple Inc., ST=California';
const CA_USAGE = KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign;
const LEAF_USAGE =
  KeyUsageFlags.digitalSignature |
  KeyUsageFlags.nonRepudiation |
  KeyUsageFlags.keyEncipherment |
  KeyUsageFlags.dataEncipherment;

const NO_EXTENSIONS = { extensions: {}, critical: [], repeated: [] } as const;

export const ROOT_PROFILE: CertificateProfile = {
  ...NO_EXTENSIONS,
  subject: ROOT_NAME,
  issuer: ROOT_NAME,
  notBefore: daysFromNow(-2000),
  notAfter: daysFromNow(7000),
  hash: 'SHA-384',
  ca: true,
  pathLength: undefined,
  keyUsage: CA_USAGE,
};

export const INTERMEDIATE_PROFILE: CertificateProfile = {
  ...NO_EXTENSIONS,
  subject: INTERMEDIATE_NAME,
  issuer: ROOT_NAME,
  notBefore: daysFromNow(-2000),
  notAfter: daysFromNow(1200),
  hash: 'SHA-384',
  ca: true,
  pathLength: 0,
  keyUsage: CA_USAGE,
};

export const LEAF_PROFILE: CertificateProfile = {
  ...NO_EXTENSIONS,
  subject: 'CN=test, OU=AAA Certification, O=Apple Inc., ST=California',
  issuer: INTERMEDIATE_NAME,
  notBefore: daysFromNow(-1),
  notAfter: daysFromNow(2),
  hash: 'SHA-256',
  ca: false,
  pathLength: undefined,
  keyUsage: LEAF_USAGE,
};

/**
 * A root and an intermediate certificate with names and key types as in Apple's certificates. By default, no verifier trusts
 * them.
 */
export interface CertificateAuthority {
  root: IssuedCertificate;
  intermediate: IssuedCertificate;
}

export async function createAuthority(
  root: Partial<CertificateProfile> = {},
  intermediate: Partial<CertificateProfile> = {},
): Promise<CertificateAuthority> {
  const rootCertificate = await issueCertificate({ ...ROOT_PROFILE, ...root }, await generateKeys('P-384'));
  const intermediateCertificate = await issueCertificate(
    { ...INTERMEDIATE_PROFILE, ...intermediate },
    await generateKeys('P-384'),
    rootCertificate.keys,
  );
  return { root: rootCertificate, intermediate: intermediateCertificate };
}

/** Decodes certificates from DER into the form that `verifyCertificateChain` expects. */
export function decodedChain([leaf, ...issuers]: readonly [Uint8Array, ...Uint8Array[]]): CertificateChain {
  return [decodeCertificate(leaf), ...issuers.map(decodeCertificate)];
}

/** A certificate as PEM. */
export function pemOf(der: Uint8Array): string {
  return `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----\n`;
}
