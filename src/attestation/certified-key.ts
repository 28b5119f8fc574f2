import type { Certificate } from '../certificates/certificate.js';
import { certificateKeyType } from '../certificates/certificate-key.js';
import { equalBytes } from '../encoding/bytes.js';
import { AppAttestError, shortHex } from '../errors.js';
import { pointOfSpki } from '../keys/public-key.js';

/**
 * Returns the public key in the certificate, as an uncompressed P-256 point. The Secure Enclave supports no other curve.
 *
 * @throws AppAttestError `public_key_mismatch`
 */
export function readCertifiedKey(credCert: Certificate): Uint8Array {
  const point = pointOfSpki(credCert.subjectPublicKeyInfo);
  if (point) return point;
  throw new AppAttestError('public_key_mismatch', 'the certified key is not an uncompressed point on P-256', {
    expected: 'an uncompressed key of type prime256v1',
    actual: `a key of type ${certificateKeyType(credCert)}`,
  });
}

/**
 * Checks that authenticator data contains the certified key. Apple's list omits this check, but WebAuthn §8.8 requires it.
 *
 * @throws AppAttestError `public_key_mismatch`
 */
export function assertSamePublicKey(credentialPublicKey: Uint8Array, certifiedKey: Uint8Array): void {
  if (equalBytes(credentialPublicKey, certifiedKey)) return;
  throw new AppAttestError('public_key_mismatch', 'authenticator data and certificate contain different keys', {
    expected: shortHex(certifiedKey),
    actual: shortHex(credentialPublicKey),
  });
}
