import { AppleExtension, readSingleOctetString } from '../certificates/apple-extensions.js';
import type { Certificate } from '../certificates/certificate.js';
import { equalBytes, sha256 } from '../encoding/bytes.js';
import { AppAttestError, shortHex } from '../errors.js';

const NONCE_TAG = 1;

/**
 * Checks that Apple issued the certificate for this authenticator data and this challenge. The nonce in the certificate is a
 * hash of the authenticator data and the client data hash. Apple: Validating apps that connect to your server, attestation
 * steps 2 to 4.
 *
 * @throws AppAttestError `nonce_mismatch`, also if the certificate has no nonce or a malformed nonce
 */
export function assertNonce(credCert: Certificate, authenticatorData: Uint8Array, clientDataHash: Uint8Array): void {
  const expected = sha256(authenticatorData, clientDataHash);
  const actual = readNonce(credCert);
  if (equalBytes(actual, expected)) return;
  throw new AppAttestError(
    'nonce_mismatch',
    'the certificate was issued for another challenge or other authenticator data',
    {
      expected: shortHex(expected),
      actual: shortHex(actual),
    },
  );
}

function readNonce(credCert: Certificate): Uint8Array {
  const extension = credCert.extensions.get(AppleExtension.Nonce);
  if (!extension) throw new AppAttestError('nonce_mismatch', 'the certificate has no nonce');
  try {
    return readSingleOctetString(extension, NONCE_TAG);
  } catch (cause) {
    throw new AppAttestError('nonce_mismatch', 'the nonce in the certificate cannot be decoded', { cause });
  }
}
