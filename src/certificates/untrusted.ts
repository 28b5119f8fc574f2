import { AppAttestError } from '../errors.js';

/** Creates the error for a certificate that is not trusted. */
export function untrusted(message: string, cause?: unknown): AppAttestError {
  return new AppAttestError('untrusted_certificate', message, { cause });
}
