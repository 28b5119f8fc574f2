import { DecodingError } from '../encoding/decoding-error.js';
import { AppAttestError } from '../errors.js';
import type { AuthenticatorData } from './authenticator-data.js';

/**
 * For client data without a fixed length, or a client data hash that does not have 32 bytes: only the flag ED then
 * determines where authenticator data ends. The signed bytes have no separator, so a map that ED does not announce could
 * also be the beginning of the client data, and the same signature would be valid for the client data with the map and
 * without it.
 *
 * @throws AppAttestError the code
 */
export function assertSignedEnd(
  { unauthenticatedExtensions }: AuthenticatorData,
  code: 'malformed_attestation' | 'malformed_assertion',
): void {
  if (unauthenticatedExtensions === undefined) return;
  const message = 'the flags do not announce the map in authenticator data, and the client data has no fixed length';
  throw new AppAttestError(code, message, { cause: new DecodingError(message) });
}
