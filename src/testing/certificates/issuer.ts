import { randomBytes, webcrypto } from 'node:crypto';
import { type Extension, type Name, X509CertificateGenerator } from './x509.js';

/** A certificate and the key that it certifies. The private key cannot be exported and dies with its process. */
export interface Issuer {
  readonly certificate: Uint8Array;
  readonly name: Name;
  readonly serialNumber: string;
  readonly keys: webcrypto.CryptoKeyPair;
}

/** What a certificate says, besides its key. */
export interface CertificateFields {
  name: Name;
  /** Hex. */
  serialNumber: string;
  notBefore: Date;
  notAfter: Date;
  /** With which its issuer signs. */
  hash: 'SHA-256' | 'SHA-384';
  extensions: readonly Extension[];
}

/** A certificate over the public one of `keys`, by an issuer or, where there is none, by itself. */
export async function issue(
  fields: CertificateFields,
  keys: webcrypto.CryptoKeyPair,
  issuer: Pick<Issuer, 'name' | 'keys'> = { name: fields.name, keys },
): Promise<Issuer> {
  return { ...fields, keys, certificate: await issueCertificate(fields, keys.publicKey, issuer) };
}

/** The DER of a certificate over `publicKey`. */
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

export function generateKeys(namedCurve: 'P-256' | 'P-384'): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve }, false, ['sign', 'verify']);
}

/** Random, positive, and of that many bytes. */
export function randomSerialNumber(length: number): string {
  const bytes = randomBytes(length);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}
