import { equalBytes } from '../encoding/bytes.js';
import { type VerifyEcdsa, verifyEcdsaInPool } from '../keys/ecdsa.js';
import { BoundedMemo } from '../runtime/bounded-memo.js';
import { caPublicKey } from './ca-public-key.js';
import type { Certificate } from './certificate.js';
import { fingerprint } from './fingerprint.js';

/**
 * Whether the key of `issuer` signed `certificate`. Names, flags and dates are not checked.
 *
 * @throws AppAttestError `untrusted_certificate` if the key of the issuer cannot be used
 */
export async function isSignedBy(certificate: Certificate, issuer: Certificate, verify: VerifyEcdsa): Promise<boolean> {
  const { signatureHash, tbsCertificate, signature } = certificate;
  if (signatureHash === undefined) return false;
  return verify(signatureHash, tbsCertificate, caPublicKey(issuer), signature);
}

/**
 * A cache of valid signatures of CA certificates. The key of a cache entry combines the hash of the signed part of the
 * certificate and the hash of the issuer's public key. Apple's two certificate hierarchies have about twenty CA certificates,
 * so 64 entries are enough.
 */
const verifiedSignatures = new BoundedMemo<readonly Uint8Array[]>(64);

/**
 * The maximum number of signatures that are cached for one certificate. If (r, s) is a valid signature, (r, n - s) is valid
 * too, and anyone can compute it (n is the order of the curve). Only the issuer can create a third valid signature. All
 * signatures of a certificate are in the same cache entry. So copies of one certificate with different signatures cannot
 * displace other certificates.
 */
const MAX_SIGNATURES = 2;

/**
 * Verifications in progress. Attestations that arrive at the same time share the verification of a CA certificate that they
 * all contain.
 */
const underWay = new Map<string, Promise<boolean>>();
const MAX_UNDER_WAY = 64;

/**
 * Like {@link isSignedBy}, but in the thread pool and with a cache of valid signatures. The CA flag of the certificate must
 * already be checked. The cache never changes the result. Invalid signatures are not cached.
 *
 * @throws AppAttestError `untrusted_certificate` if the key of the issuer cannot be used
 */
export async function isCaSignedBy(certificate: Certificate, issuer: Certificate): Promise<boolean> {
  const { tbsCertificate, signature } = certificate;
  const name = `${fingerprint(tbsCertificate)} by ${fingerprint(issuer.subjectPublicKeyInfo)}`;
  if (verifiedSignatures.get(name)?.some((known) => equalBytes(known, signature))) return true;

  const nameUnderWay = `${name}: ${fingerprint(signature)}`;
  const shared = underWay.get(nameUnderWay);
  if (shared) return shared;
  if (underWay.size >= MAX_UNDER_WAY) return verifyAndRemember(certificate, issuer, name);
  const verification = verifyAndRemember(certificate, issuer, name).finally(() => underWay.delete(nameUnderWay));
  underWay.set(nameUnderWay, verification);
  return verification;
}

async function verifyAndRemember(certificate: Certificate, issuer: Certificate, name: string): Promise<boolean> {
  const isValid = await isSignedBy(certificate, issuer, verifyEcdsaInPool);
  if (isValid) {
    // The signature is copied. A slice would keep the whole evidence in memory.
    const signatures = [new Uint8Array(certificate.signature), ...(verifiedSignatures.get(name) ?? [])];
    verifiedSignatures.set(name, signatures.slice(0, MAX_SIGNATURES));
  }
  return isValid;
}
