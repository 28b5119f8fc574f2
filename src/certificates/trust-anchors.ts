import { isBytes } from '../encoding/bytes.js';
import { decodePem } from '../encoding/pem.js';
import { AppAttestError } from '../errors.js';
import { copyOf } from '../options/evidence.js';
import { BoundedMemo } from '../runtime/bounded-memo.js';
import { type Certificate, decodeCertificate } from './certificate.js';
import { fingerprint } from './fingerprint.js';
import { HOW_TO_ALLOW_VIRTUAL_APPLE, isVirtualAppleAllowed, VIRTUAL_APPLE } from './virtual-apple.js';

/** By PEM text, or by the fingerprint of DER. */
const decodedAnchors = new BoundedMemo<Certificate>(16);

/**
 * The certificates in which a chain may end: those of the caller, or else the pinned root.
 *
 * @throws AppAttestError `invalid_argument`: a trust anchor comes from the server's own code, never from a client
 */
export function readTrustAnchors(trustAnchors: unknown, pinned: string): readonly Certificate[] {
  return trustAnchors === undefined ? [readTrustAnchor(pinned)] : decodeTrustAnchors(trustAnchors);
}

/**
 * Checked copies of trust anchors, which the caller cannot change later: DER bytes for {@link readTrustAnchors}.
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

/** The root of a virtual Apple must not get from test configuration into production unnoticed. */
function rejectVirtualAppleInProduction(anchors: readonly Certificate[]): void {
  if (isVirtualAppleAllowed()) return;
  if (!anchors.some(({ subject }) => Buffer.from(subject).includes(VIRTUAL_APPLE))) return;
  throw new AppAttestError(
    'invalid_argument',
    `the root of a virtual Apple must not be a trust anchor in production; for tests, ${HOW_TO_ALLOW_VIRTUAL_APPLE}`,
  );
}

function readTrustAnchor(trustAnchor: unknown): Certificate {
  // Two prefixes in one memo: a fingerprint that is passed as text must not be taken for a certificate.
  if (typeof trustAnchor === 'string') return remembered(`PEM ${trustAnchor}`, () => readPemCertificate(trustAnchor));
  if (isBytes(trustAnchor)) {
    // A copy, so that the remembered bytes are those of the fingerprint.
    const der = copyOf(trustAnchor, 'trustAnchors');
    return remembered(`DER ${fingerprint(der)}`, () => der);
  }
  throw new AppAttestError('invalid_argument', 'a trust anchor must be PEM text or DER bytes');
}

function remembered(key: string, readDer: () => Uint8Array): Certificate {
  const known = decodedAnchors.get(key);
  if (known) return known;
  // A copy with memory of its own: bytes decoded from PEM are in Node's buffer pool, where other code can write.
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
