import { createPublicKey, type KeyObject } from 'node:crypto';
import { BoundedMemo } from '../runtime/bounded-memo.js';
import type { Certificate } from './certificate.js';
import { fingerprint } from './fingerprint.js';
import { untrusted } from './untrusted.js';

const CURVES: ReadonlySet<string | undefined> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

/**
 * By SHA-256 of the SubjectPublicKeyInfo. A client cannot fill it: a key gets here once its certificate is trusted to be
 * what an issuer signed. See {@link caPublicKey}.
 */
const importedKeys = new BoundedMemo<KeyObject>(64);

/**
 * The key of a CA certificate, imported once for all that it issued: a trust anchor, or one whose CA flag and signature
 * have been verified.
 *
 * @throws AppAttestError `untrusted_certificate`
 */
export function caPublicKey({ subjectPublicKeyInfo }: Certificate): KeyObject {
  const name = fingerprint(subjectPublicKeyInfo);
  const known = importedKeys.get(name);
  if (known) return known;
  const publicKey = importPublicKey(subjectPublicKeyInfo);
  importedKeys.set(name, publicKey);
  return publicKey;
}

function importPublicKey(subjectPublicKeyInfo: Uint8Array): KeyObject {
  let publicKey: KeyObject;
  try {
    publicKey = createPublicKey({ key: Buffer.from(subjectPublicKeyInfo), format: 'der', type: 'spki' });
  } catch (cause) {
    throw untrusted('the key of a CA certificate cannot be read', cause);
  }
  if (CURVES.has(publicKey.asymmetricKeyDetails?.namedCurve)) return publicKey;
  throw untrusted('the key of a CA certificate is not on a NIST curve');
}
