import { AppAttestError, shortText } from '../errors.js';
import type { Certificate } from './certificate.js';
import { nameText } from './name.js';
import { isVirtualAppleAllowed, VIRTUAL_APPLE } from './virtual-apple.js';

/** Creates the error for a certificate that is not trusted. */
export function untrusted(message: string, cause?: unknown): AppAttestError {
  return new AppAttestError('untrusted_certificate', message, { cause });
}

/**
 * Creates the error for a certificate that none of the possible issuers signed. It names them, because the most common
 * cause is a call with the wrong trust anchors.
 */
export function untrustedIssuer({ issuer }: Certificate, candidates: readonly Certificate[]): AppAttestError {
  return new AppAttestError(
    'untrusted_certificate',
    `the certificate chain does not end in a trusted root${hint(issuer)}`,
    {
      expected: `a certificate signed by ${candidates.map(({ subject }) => text(subject)).join(' or ')}`,
      actual: `one that names the issuer ${text(issuer)}`,
    },
  );
}

/** Production gets no hint: a client decides which names its certificates have. */
function hint(issuer: Uint8Array): string {
  if (!isVirtualAppleAllowed() || !Buffer.from(issuer).includes(VIRTUAL_APPLE)) return '';
  return '. In tests, pass trustAnchors of the same virtual Apple for attestations, and receiptTrustAnchors for receipts';
}

function text(name: Uint8Array): string {
  return shortText(nameText(name));
}
