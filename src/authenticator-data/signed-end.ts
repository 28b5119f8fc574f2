import { DecodingError } from '../encoding/decoding-error.js';
import { AppAttestError } from '../errors.js';
import type { AuthenticatorData } from './authenticator-data.js';

/**
 * Rejects an extension map if the flags do not include ED. This check is needed if the client data has no fixed length, or
 * if the client data hash does not have 32 bytes.
 *
 * The signed bytes have no separator between authenticator data and the client data. Without ED, such a map could also be
 * the beginning of the client data. The same signature would then be valid for the client data with the map and without the
 * map.
 *
 * @throws AppAttestError `code`
 */
export function assertSignedEnd(
  { unauthenticatedExtensions }: AuthenticatorData,
  code: 'malformed_attestation' | 'malformed_assertion',
): void {
  if (unauthenticatedExtensions === undefined) return;
  const message =
    'authenticator data has an extension map without the flag ED, so the map could be part of the client data';
  throw new AppAttestError(code, message, { cause: new DecodingError(message) });
}
