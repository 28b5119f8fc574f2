import { AppleExtension, readSingleOctetString } from '../certificates/apple-extensions.js';
import type { Certificate } from '../certificates/certificate.js';
import { equalBytes, sha256 } from '../encoding/bytes.js';
import { AppAttestError, shortHex } from '../errors.js';

const NONCE_TAG = 1;

/**
 * Apple: Validating apps …, steps 2 to 4. The nonce binds the certificate, and with it Apple's signature, to this
 * authenticator data and this challenge.
 *
 * @throws AppAttestError `nonce_mismatch`, also if the certificate has no nonce, or a malformed one
 */
export function assertNonce(credCert: Certificate, authenticatorData: Uint8Array, clientDataHash: Uint8Array): void {
  const expected = sha256(authenticatorData, clientDataHash);
  const actual = readNonce(credCert);
  if (equalBytes(actual, expected)) return;
  throw new AppAttestError('nonce_mismatch', 'the certificate was issued for another challenge or authenticator data', {
    expected: shortHex(expected),
    actual: shortHex(actual),
  });
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
