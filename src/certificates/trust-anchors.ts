import { decodeBase64 } from '../base64.js';
import { isBytes } from '../bytes.js';
import { AppAttestError } from '../errors.js';
import { BoundedMemo } from './bounded-memo.js';
import { type Certificate, decodeCertificate, fingerprint } from './certificate.js';

const PEM_CERTIFICATE = /^\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*$/;

const decodedAnchors = new BoundedMemo<Certificate>(16);

/**
 * The certificates that a chain may end in: the caller's own, or the pinned one.
 *
 * @throws AppAttestError `invalid_argument`: a trust anchor comes from the server's own code, never from a client
 */
export function readTrustAnchors(trustAnchors: unknown, pinned: string): readonly Certificate[] {
  if (trustAnchors === undefined) return [readTrustAnchor(pinned)];
  if (!Array.isArray(trustAnchors) || trustAnchors.length === 0) {
    throw new AppAttestError('invalid_argument', 'trustAnchors must be a non-empty array of certificates');
  }
  return trustAnchors.map(readTrustAnchor);
}

function readTrustAnchor(trustAnchor: unknown): Certificate {
  const der = readDer(trustAnchor);
  const key = fingerprint(der);
  const known = decodedAnchors.get(key);
  if (known) return known;
  try {
    const anchor = decodeCertificate(der);
    decodedAnchors.set(key, anchor);
    return anchor;
  } catch (cause) {
    throw new AppAttestError('invalid_argument', 'a trust anchor is not an X.509 certificate', { cause });
  }
}

function readDer(trustAnchor: unknown): Uint8Array {
  if (isBytes(trustAnchor)) return trustAnchor;
  const body = typeof trustAnchor === 'string' ? PEM_CERTIFICATE.exec(trustAnchor)?.[1] : undefined;
  if (body === undefined) {
    throw new AppAttestError('invalid_argument', 'a trust anchor must be one PEM certificate or DER bytes');
  }
  try {
    return decodeBase64(body.replace(/\s/g, ''));
  } catch (cause) {
    throw new AppAttestError('invalid_argument', 'a trust anchor is not valid PEM', { cause });
  }
}
