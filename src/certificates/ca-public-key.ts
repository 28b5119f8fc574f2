import type { KeyObject } from 'node:crypto';
import { BoundedMemo } from '../runtime/bounded-memo.js';
import type { Certificate } from './certificate.js';
import { importCertificateKey } from './certificate-key.js';
import { fingerprint } from './fingerprint.js';
import { untrusted } from './untrusted.js';

/**
 * Imported keys, by SHA-256 of the SubjectPublicKeyInfo. A client cannot fill this cache, because {@link caPublicKey} is
 * called only for trust anchors and verified CA certificates.
 */
const importedKeys = new BoundedMemo<KeyObject>(64);

/**
 * The public key of a CA certificate. The key is imported once and then cached. The certificate must be a trust anchor, or
 * its CA flag and its signature must already be verified.
 *
 * @throws AppAttestError `untrusted_certificate` if the key cannot be decoded or its curve is not supported
 */
export function caPublicKey(certificate: Certificate): KeyObject {
  const name = fingerprint(certificate.subjectPublicKeyInfo);
  const known = importedKeys.get(name);
  if (known) return known;
  const publicKey = importCertificateKey(certificate, 'a CA certificate', untrusted);
  importedKeys.set(name, publicKey);
  return publicKey;
}
