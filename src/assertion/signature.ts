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
  const verify = (await callingThread.hasTime()) ? verifyEcdsa : verifyEcdsaInPool;
  if (await verify('sha256', nonce, publicKey, signature)) return;
  throw new AppAttestError('invalid_signature', 'the assertion was not made by this key over this client data');
}
