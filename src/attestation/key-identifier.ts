import { decodeBase64, maxBase64Length } from '../encoding/base64.js';
import { equalBytes, sha256 } from '../encoding/bytes.js';
import { mistakenEncoding } from '../encoding/mistaken-encoding.js';
import { AppAttestError, shortHex, shortText } from '../errors.js';

const LENGTH = 32;
/**
 * A malformed key identifier of at most this many characters is checked for a mistaken encoding, such as hex. If there is
 * such a mistake, the error message names the mistake.
 */
const MAX_MISTAKEN_LENGTH = 128;

/**
 * Decodes the key identifier that a client sent: 32 bytes in base64 or base64url.
 *
 * @throws AppAttestError `invalid_argument` if `keyId` is not a string; `key_id_mismatch` if `keyId` is not 32 bytes in base64
 *   or base64url
 */
export function readKeyIdentifier(keyId: unknown): Uint8Array {
  if (typeof keyId !== 'string') throw new AppAttestError('invalid_argument', 'keyId must be base64 text');
  const bytes = decodeKeyIdentifier(keyId);
  if (bytes) return bytes;
  const mistake = keyId.length <= MAX_MISTAKEN_LENGTH ? mistakenEncoding(keyId) : undefined;
  const why = mistake === undefined ? '' : `: ${mistake}`;
  throw new AppAttestError('key_id_mismatch', `the key identifier is not base64 of 32 bytes${why}`, {
    expected: 'base64 of SHA-256(public key)',
    actual: shortText(keyId),
  });
}

/** Returns the 32 bytes of a key identifier in base64 or base64url. Returns `undefined` for any other text. */
export function decodeKeyIdentifier(keyId: string): Uint8Array | undefined {
  if (keyId.length > maxBase64Length(LENGTH)) return undefined;
  try {
    const bytes = decodeBase64(keyId);
    return bytes.length === LENGTH ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Checks that the key identifier is the SHA-256 of the public key. Apple: Validating apps that connect to your server,
 * attestation step 5.
 *
 * @throws AppAttestError `key_id_mismatch`
 */
export function assertKeyIdentifier(publicKeyPoint: Uint8Array, keyId: Uint8Array): void {
  const actual = sha256(publicKeyPoint);
  if (equalBytes(actual, keyId)) return;
  throw new AppAttestError('key_id_mismatch', 'the key identifier does not match the certified key', {
    expected: shortHex(keyId),
    actual: shortHex(actual),
  });
}

/**
 * Checks that the credential ID in authenticator data is the key identifier. Apple: Validating apps that connect to your
 * server, attestation step 9.
 *
 * @throws AppAttestError `credential_id_mismatch`
 */
export function assertCredentialId(credentialId: Uint8Array, keyId: Uint8Array): void {
  if (equalBytes(credentialId, keyId)) return;
  throw new AppAttestError('credential_id_mismatch', 'the credential ID does not match the key identifier', {
    expected: shortHex(keyId),
    actual: shortHex(credentialId),
  });
}
