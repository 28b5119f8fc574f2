import { AppAttestError, shortText } from '../errors.js';
import type { Certificate } from './certificate.js';
import { nameText } from './name.js';
import { isVirtualAppleAllowed, VIRTUAL_APPLE } from './virtual-apple.js';

/** Creates the error for a certificate that is not trusted. */
export function untrusted(message: string, cause?: unknown): AppAttestError {
  return new AppAttestError('untrusted_certificate', message, { cause });
}

/**
 * Creates the error for a certificate that no possible issuer signed. The error names the possible issuers, because wrong
 * trust anchors are a common cause.
 */
export function untrustedIssuer({ issuer }: Certificate, candidates: readonly Certificate[]): AppAttestError {
  return new AppAttestError(
    'untrusted_certificate',
    `the certificate chain does not end in a trusted root${hint(issuer)}`,
    {
      expected: `a certificate signed by ${candidates.map(({ subject }) => text(subject)).join(' or ')}`,
      actual: `a certificate with the issuer ${text(issuer)}`,
    },
  );
}

/** A hint for tests. There is no hint in production, because a client can choose any names for its certificates. */
function hint(issuer: Uint8Array): string {
  if (!isVirtualAppleAllowed() || !Buffer.from(issuer).includes(VIRTUAL_APPLE)) return '';
  return (
    '. In a test, pass the trustAnchors of the virtual Apple that created the device. To verify a receipt, pass the ' +
    'receiptTrustAnchors of this virtual Apple. On the command line, pass a root certificate with --trust-anchor'
  );
}

function text(name: Uint8Array): string {
  return shortText(nameText(name));
}
