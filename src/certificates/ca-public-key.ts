import type { KeyObject } from 'node:crypto';
import { BoundedMemo } from '../runtime/bounded-memo.js';
import type { Certificate } from './certificate.js';
import { importCertificateKey } from './certificate-key.js';
import { fingerprint } from './fingerprint.js';
import { untrusted } from './untrusted.js';

/**
 * By SHA-256 of the SubjectPublicKeyInfo. A client cannot fill it: a key is added only after the signature of its
 * certificate was verified. See {@link caPublicKey}.
 */
const importedKeys = new BoundedMemo<KeyObject>(64);

/**
 * The public key of a CA certificate, imported once for all certificates that it issued. The certificate is a trust anchor,
 * or its CA flag and signature have been verified.
 *
 * @throws AppAttestError `untrusted_certificate`
 */
export function caPublicKey(certificate: Certificate): KeyObject {
  const name = fingerprint(certificate.subjectPublicKeyInfo);
  const known = importedKeys.get(name);
  if (known) return known;
  const publicKey = importCertificateKey(certificate, 'a CA certificate', untrusted);
  importedKeys.set(name, publicKey);
  return publicKey;
}
