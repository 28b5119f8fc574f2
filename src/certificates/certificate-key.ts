import { createPublicKey, type KeyObject } from 'node:crypto';
import type { AppAttestError } from '../errors.js';
import type { Certificate } from './certificate.js';

const CURVES: ReadonlySet<string | undefined> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

/**
 * Imports the public key of a certificate, which must be on a NIST curve.
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
    key = createPublicKey({ key: Buffer.from(subjectPublicKeyInfo), format: 'der', type: 'spki' });
  } catch (cause) {
    throw error(`the public key of ${owner} cannot be decoded`, cause);
  }
  if (CURVES.has(key.asymmetricKeyDetails?.namedCurve)) return key;
  throw error(`the public key of ${owner} is not on a NIST curve`);
}
