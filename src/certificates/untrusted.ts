import { AppAttestError } from '../errors.js';

/** The error of a certificate that no trust anchor vouches for. */
export function untrusted(message: string, cause?: unknown): AppAttestError {
  return new AppAttestError('untrusted_certificate', message, { cause });
}
