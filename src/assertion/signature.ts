import type { KeyObject } from 'node:crypto';
import { sha256 } from '../bytes.js';
import { CallingThread } from '../calling-thread.js';
import { verifyEcdsa, verifyEcdsaInPool } from '../ecdsa.js';
import { AppAttestError } from '../errors.js';

/**
 * A signature takes 65 µs here, and 20 µs more in the thread pool. Twenty a turn do not hold the event loop for two
 * milliseconds. See docs/performance.md.
 */
const callingThread = new CallingThread(20);

/**
 * Apple: Validating apps …, assertion steps 1 to 3. The device signs the nonce as a message, so the signature is over
 * SHA-256(nonce).
 *
 * @throws AppAttestError `invalid_signature`
 */
export async function assertSignature(
  signature: Uint8Array,
  publicKey: KeyObject,
  authenticatorData: Uint8Array,
  clientDataHash: Uint8Array,
): Promise<void> {
  const nonce = sha256(authenticatorData, clientDataHash);
  // Without an await where none is needed: each one costs as much as a hash.
  const time = callingThread.hasTime();
  const isHere = typeof time === 'boolean' ? time : await time;
  const isValid = isHere
    ? verifyEcdsa('sha256', nonce, publicKey, signature)
    : await verifyEcdsaInPool('sha256', nonce, publicKey, signature);
  if (isValid) return;
  throw new AppAttestError('invalid_signature', 'the assertion was not made by this key over this client data');
}
