import { randomBytes, webcrypto } from 'node:crypto';
import { type Extension, type Name, X509CertificateGenerator } from './x509.js';

/** A certificate and its key pair. */
export interface Issuer {
  readonly certificate: Uint8Array;
  readonly name: Name;
  readonly serialNumber: string;
  readonly keys: webcrypto.CryptoKeyPair;
}

/** The contents of a certificate, without its public key. */
export interface CertificateFields {
  name: Name;
  /** Hex. */
  serialNumber: string;
  notBefore: Date;
  notAfter: Date;
  /** The hash algorithm of the issuer's signature. */
  hash: 'SHA-256' | 'SHA-384';
  extensions: readonly Extension[];
}

/** Issues a certificate for the public key of `keys`. Without an issuer, the certificate is self-signed. */
export async function issue(
  fields: CertificateFields,
  keys: webcrypto.CryptoKeyPair,
  issuer: Pick<Issuer, 'name' | 'keys'> = { name: fields.name, keys },
): Promise<Issuer> {
  return { ...fields, keys, certificate: await issueCertificate(fields, keys.publicKey, issuer) };
}

/** Issues a certificate for `publicKey`. Returns the DER of the certificate. */
export async function issueCertificate(
  { name, hash, extensions, ...fields }: CertificateFields,
  publicKey: webcrypto.CryptoKey,
  issuer: Pick<Issuer, 'name' | 'keys'>,
): Promise<Uint8Array> {
  const certificate = await X509CertificateGenerator.create({
    ...fields,
    subject: name,
    issuer: issuer.name,
    extensions: [...extensions],
    signingAlgorithm: { name: 'ECDSA', hash },
    publicKey,
    signingKey: issuer.keys.privateKey,
  });
  return new Uint8Array(certificate.rawData);
}

/**
 * Generates a key pair. By default, the private key cannot be exported and is lost when the process ends.
 *
 * @param isExtractable Whether the private key can be exported
 */
export function generateKeys(namedCurve: 'P-256' | 'P-384', isExtractable = false): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve }, isExtractable, ['sign', 'verify']);
}

/** A random positive serial number of `length` bytes, in hex. */
export function randomSerialNumber(length: number): string {
  const bytes = randomBytes(length);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}
