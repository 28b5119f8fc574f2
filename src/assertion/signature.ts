import type { KeyObject } from 'node:crypto';
import { sha256 } from '../bytes.js';
import { verifyEcdsa } from '../ecdsa.js';
import { AppAttestError } from '../errors.js';

/**
 * Apple: Validating apps …, assertion steps 1 to 3. The device signs the nonce as a message, so the signature is over
 * SHA-256(nonce).
 *
 * @throws AppAttestError `invalid_signature`
 */
export function assertSignature(
  signature: Uint8Array,
  publicKey: KeyObject,
  authenticatorData: Uint8Array,
  clientDataHash: Uint8Array,
): void {
  const nonce = sha256(authenticatorData, clientDataHash);
  if (verifyEcdsa('sha256', nonce, publicKey, signature)) return;
  throw new AppAttestError('invalid_signature', 'the assertion was not made by this key over this client data');
}
