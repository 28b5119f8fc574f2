import { isBytes } from '../encoding/bytes.js';
import { decodePem } from '../encoding/pem.js';
import { AppAttestError } from '../errors.js';
import { copyOf } from '../options/evidence.js';
import { BoundedMemo } from '../runtime/bounded-memo.js';
import { type Certificate, decodeCertificate } from './certificate.js';
import { fingerprint } from './fingerprint.js';
import { HOW_TO_ALLOW_VIRTUAL_APPLE, isVirtualAppleAllowed, VIRTUAL_APPLE } from './virtual-apple.js';

/** Decoded trust anchors, by PEM text or by fingerprint. */
const decodedAnchors = new BoundedMemo<Certificate>(16);

/**
 * Returns the trust anchors: the certificates that may be the end of a chain. The default is the root certificate `pinned`.
 *
 * @throws AppAttestError `invalid_argument` if a trust anchor cannot be used. The server chooses the trust anchors, so the
 *   client is not at fault
 */
export function readTrustAnchors(trustAnchors: unknown, pinned: string): readonly Certificate[] {
  return trustAnchors === undefined ? [readTrustAnchor(pinned)] : decodeTrustAnchors(trustAnchors);
}

/**
 * Checks trust anchors and copies them as DER, so the caller cannot change them later. The copies can be passed to
 * {@link readTrustAnchors}.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function keepTrustAnchors(trustAnchors: unknown): readonly Uint8Array[] | undefined {
  return trustAnchors === undefined ? undefined : decodeTrustAnchors(trustAnchors).map(({ der }) => der);
}

function decodeTrustAnchors(trustAnchors: unknown): readonly Certificate[] {
  if (!Array.isArray(trustAnchors) || trustAnchors.length === 0) {
    throw new AppAttestError('invalid_argument', 'trustAnchors must be a non-empty array of certificates');
  }
  const anchors = Array.from(trustAnchors, readTrustAnchor);
  rejectVirtualAppleInProduction(anchors);
  return anchors;
}

/** Rejects the root of a virtual Apple in production, because test configuration may have been deployed by mistake. */
function rejectVirtualAppleInProduction(anchors: readonly Certificate[]): void {
  if (isVirtualAppleAllowed()) return;
  if (!anchors.some(({ subject }) => Buffer.from(subject).includes(VIRTUAL_APPLE))) return;
  throw new AppAttestError(
    'invalid_argument',
    `the root of a virtual Apple must not be a trust anchor in production. In tests, ${HOW_TO_ALLOW_VIRTUAL_APPLE}`,
  );
}

function readTrustAnchor(trustAnchor: unknown): Certificate {
  // The prefixes separate PEM text from fingerprints. Otherwise a fingerprint that is passed as text could match a cached
  // certificate.
  if (typeof trustAnchor === 'string') return remembered(`PEM ${trustAnchor}`, () => readPemCertificate(trustAnchor));
  if (isBytes(trustAnchor)) {
    // The bytes are copied, so they cannot change after the fingerprint is computed.
    const der = copyOf(trustAnchor, 'trustAnchors');
    return remembered(`DER ${fingerprint(der)}`, () => der);
  }
  throw new AppAttestError('invalid_argument', 'a trust anchor must be PEM text or DER bytes');
}

function remembered(key: string, readDer: () => Uint8Array): Certificate {
  const known = decodedAnchors.get(key);
  if (known) return known;
  // The bytes are copied to a new buffer. Before this copy, they may be in the buffer pool of Node.js, which other code
  // can overwrite.
  const der = new Uint8Array(readDer());
  try {
    const anchor = decodeCertificate(der);
    decodedAnchors.set(key, anchor);
    return anchor;
  } catch (cause) {
    throw new AppAttestError('invalid_argument', 'a trust anchor is not an X.509 certificate', { cause });
  }
}

function readPemCertificate(pem: string): Uint8Array {
  let der: Uint8Array | undefined;
  try {
    der = decodePem('CERTIFICATE', pem);
  } catch (cause) {
    throw new AppAttestError('invalid_argument', 'a trust anchor is not valid PEM', { cause });
  }
  if (der) return der;
  throw new AppAttestError('invalid_argument', 'a trust anchor must be exactly one PEM certificate');
}
