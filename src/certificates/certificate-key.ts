import { createPublicKey, type KeyObject } from 'node:crypto';
import type { AppAttestError } from '../errors.js';
import type { Certificate } from './certificate.js';

const CURVES: ReadonlySet<string | undefined> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

/**
 * Imports the public key of a certificate. The key must be on one of the NIST curves P-256, P-384 and P-521.
 *
 * @param owner The name of the certificate in error messages
 * @param error Creates the error to throw if the key cannot be used
 */
export function importCertificateKey(
  { subjectPublicKeyInfo }: Certificate,
  owner: string,
  error: (message: string, cause?: unknown) => AppAttestError,
): KeyObject {
  let key: KeyObject;
  try {
    key = decodeKey(subjectPublicKeyInfo);
  } catch (cause) {
    throw error(`the public key of ${owner} cannot be decoded`, cause);
  }
  if (CURVES.has(key.asymmetricKeyDetails?.namedCurve)) return key;
  throw error(`the public key of ${owner} must be on P-256, P-384 or P-521, not ${nameOfKeyType(key)}`);
}

/** The curve or the algorithm of the key in a certificate, for error messages. For example `secp384r1`. */
export function certificateKeyType({ subjectPublicKeyInfo }: Certificate): string {
  try {
    return nameOfKeyType(decodeKey(subjectPublicKeyInfo));
  } catch {
    return 'unknown';
  }
}

function decodeKey(subjectPublicKeyInfo: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.from(subjectPublicKeyInfo), format: 'der', type: 'spki' });
}

/** The curve of a key, for example `secp256k1`. For a key without a curve, the algorithm, for example `rsa`. */
function nameOfKeyType({ asymmetricKeyDetails, asymmetricKeyType }: KeyObject): string {
  return asymmetricKeyDetails?.namedCurve ?? asymmetricKeyType ?? 'unknown';
}
