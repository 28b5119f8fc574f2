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
 * The certificates that a chain may end in: the caller's own, or the pinned one.
 *
 * @throws AppAttestError `invalid_argument`: a trust anchor comes from the server's own code, never from a client
 */
export function readTrustAnchors(trustAnchors: unknown, pinned: string): readonly Certificate[] {
  return trustAnchors === undefined ? [readTrustAnchor(pinned)] : decodeTrustAnchors(trustAnchors);
}

/**
 * Trust anchors that can be decoded, and that their owner cannot change any more: DER bytes for {@link readTrustAnchors}.
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

/** The root of a virtual Apple must not get from a test's configuration into a server's unnoticed. */
function rejectVirtualAppleInProduction(anchors: readonly Certificate[]): void {
  if (isVirtualAppleAllowed()) return;
  if (!anchors.some(({ subject }) => Buffer.from(subject).includes(VIRTUAL_APPLE))) return;
  throw new AppAttestError(
    'invalid_argument',
    `the root of a virtual Apple is trusted in production; for tests, ${HOW_TO_ALLOW_VIRTUAL_APPLE}`,
  );
}

function readTrustAnchor(trustAnchor: unknown): Certificate {
  // Two kinds of names for one memo: the fingerprint of a certificate, passed as text, must not pass for its PEM.
  if (typeof trustAnchor === 'string') return remembered(`PEM ${trustAnchor}`, () => readPemCertificate(trustAnchor));
  if (isBytes(trustAnchor)) {
    // A copy, so that what is remembered is what the fingerprint was made of.
    const der = copyOf(trustAnchor, 'trustAnchors');
    return remembered(`DER ${fingerprint(der)}`, () => der);
  }
  throw new AppAttestError('invalid_argument', 'a trust anchor must be PEM text or DER bytes');
}

function remembered(key: string, readDer: () => Uint8Array): Certificate {
  const known = decodedAnchors.get(key);
  if (known) return known;
  // A copy of its own: what comes out of PEM lies in the buffer pool, where any code of the process can write.
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
  throw new AppAttestError('invalid_argument', 'a trust anchor must be one PEM certificate');
}
