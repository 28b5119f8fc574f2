import { equalBytes } from '../encoding/bytes.js';
import { type VerifyEcdsa, verifyEcdsaInPool } from '../keys/ecdsa.js';
import { BoundedMemo } from '../runtime/bounded-memo.js';
import { caPublicKey } from './ca-public-key.js';
import type { Certificate } from './certificate.js';
import { fingerprint } from './fingerprint.js';

/**
 * Whether the key of a CA certificate signed another certificate. Says nothing about names, flags or dates.
 *
 * @throws AppAttestError `untrusted_certificate`: the key of the issuer is none that signs certificates
 */
export async function isSignedBy(certificate: Certificate, issuer: Certificate, verify: VerifyEcdsa): Promise<boolean> {
  const { signatureHash, tbsCertificate, signature } = certificate;
  if (signatureHash === undefined) return false;
  return verify(signatureHash, tbsCertificate, caPublicKey(issuer), signature);
}

/**
 * The signatures of CA certificates that were verified, by what was signed and by which key: only what an issuer signed
 * is remembered. Apple has about twenty CA certificates in its two hierarchies.
 */
const verifiedSignatures = new BoundedMemo<readonly Uint8Array[]>(64);

/**
 * Where (r, s) is a signature, so is (r, n - s), and anybody can compute it. A third one takes the issuer's key, so
 * two are remembered, and the name of the entry does not depend on them: copies of a certificate with either signature
 * neither take the place of another certificate nor of each other.
 */
const MAX_SIGNATURES = 2;

/** Those whose verification is under way, so that the first attestations of a busy server share it. */
const underWay = new Map<string, Promise<boolean>>();
const MAX_UNDER_WAY = 64;

/**
 * As {@link isSignedBy}, of a certificate whose CA flag has been checked: in the thread pool, or from memory. What is
 * remembered never changes an answer. A wrong signature is not remembered.
 *
 * @throws AppAttestError `untrusted_certificate`
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
    // A copy, so that what is remembered does not keep the evidence alive that it came in.
    const signatures = [new Uint8Array(certificate.signature), ...(verifiedSignatures.get(name) ?? [])];
    verifiedSignatures.set(name, signatures.slice(0, MAX_SIGNATURES));
  }
  return isValid;
}
