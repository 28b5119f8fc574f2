import { DecodingError } from '../encoding/decoding-error.js';
import { AppAttestError } from '../errors.js';
import type { AuthenticatorData } from './authenticator-data.js';

/**
 * For client data without a fixed length: only the flag ED then says where authenticator data ends. What is signed has no
 * separator there, so a map that ED does not announce may have been the beginning of the client data, and the evidence would
 * verify for the client data with it and without it.
 *
 * @throws AppAttestError the code
 */
export function assertSignedEnd(
  { unauthenticatedExtensions }: AuthenticatorData,
  code: 'malformed_attestation' | 'malformed_assertion',
): void {
  if (unauthenticatedExtensions === undefined) return;
  const message = 'authenticator data carries a map that its flags do not announce, beside client data that is no hash';
  throw new AppAttestError(code, message, { cause: new DecodingError(message) });
}
