import { equalBytes } from '../encoding/bytes.js';
import { type VerifyEcdsa, verifyEcdsaInPool } from '../keys/ecdsa.js';
import { BoundedMemo } from '../runtime/bounded-memo.js';
import { caPublicKey } from './ca-public-key.js';
import type { Certificate } from './certificate.js';
import { fingerprint } from './fingerprint.js';

/**
 * Whether the key of a CA certificate signed another certificate. Does not check names, flags or dates.
 *
 * @throws AppAttestError `untrusted_certificate`: the key of the issuer cannot be used
 */
export async function isSignedBy(certificate: Certificate, issuer: Certificate, verify: VerifyEcdsa): Promise<boolean> {
  const { signatureHash, tbsCertificate, signature } = certificate;
  if (signatureHash === undefined) return false;
  return verify(signatureHash, tbsCertificate, caPublicKey(issuer), signature);
}

/**
 * Verified signatures of CA certificates, by the signed certificate and the key of its issuer. Only valid signatures are
 * remembered. Apple has about twenty CA certificates in its two hierarchies.
 */
const verifiedSignatures = new BoundedMemo<readonly Uint8Array[]>(64);

/**
 * If (r, s) is a valid signature, so is (r, n - s), and anyone can compute it. A third one requires the issuer's private
 * key. So two are remembered per certificate, under a name that does not depend on them: copies of a certificate with
 * either signature replace neither another certificate nor each other.
 */
const MAX_SIGNATURES = 2;

/** Verifications in progress, so that the first attestations of a busy server share one. */
const underWay = new Map<string, Promise<boolean>>();
const MAX_UNDER_WAY = 64;

/**
 * Like {@link isSignedBy}, for a certificate whose CA flag has been checked: verified in the thread pool, or remembered.
 * A remembered signature never changes the result. An invalid signature is not remembered.
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
    // A copy, so that the evidence is not kept in memory.
    const signatures = [new Uint8Array(certificate.signature), ...(verifiedSignatures.get(name) ?? [])];
    verifiedSignatures.set(name, signatures.slice(0, MAX_SIGNATURES));
  }
  return isValid;
}
