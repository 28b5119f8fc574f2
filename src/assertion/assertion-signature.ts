import { sha256 } from '../encoding/bytes.js';
import { AppAttestError } from '../errors.js';
import { verifyEcdsa, verifyEcdsaInPool } from '../keys/ecdsa.js';
import { assertOnCurve, type VerificationKey } from '../keys/public-key.js';
import { CallingThread } from '../runtime/calling-thread.js';
import { threadPoolSize } from '../runtime/thread-pool.js';
import { Turnstile } from '../runtime/turnstile.js';

/**
 * A signature takes 65 µs here, and 20 µs more in the thread pool. Twenty a turn do not hold the event loop for two
 * milliseconds. See docs/performance.md.
 */
const callingThread = new CallingThread(20);

/**
 * Of those that go to the pool, sixteen for each of its threads are handed over at once, so that no thread runs out of work
 * before the event loop comes round, and whatever else needs the pool waits for a millisecond or two. Those that wait
 * hold 32 MiB at most, 8 KiB each, and are verified within a second.
 */
const turnstile = new Turnstile({ width: 16 * threadPoolSize(), waiting: 4096, patience: 5 });

/**
 * Apple: Validating apps …, assertion steps 1 to 3. The device signs the nonce as a message, so the signature is over
 * SHA-256(nonce).
 *
 * @throws AppAttestError `invalid_signature`; `overloaded`; `invalid_argument` where the key is none
 */
export async function assertSignature(
  signature: Uint8Array,
  publicKey: VerificationKey,
  authenticatorData: Uint8Array,
  clientDataHash: Uint8Array,
): Promise<void> {
  const nonce = sha256(authenticatorData, clientDataHash);
  const isValid = (await callingThread.hasTime())
    ? verifyEcdsa('sha256', nonce, publicKey, signature)
    : await turnstile.pass(() => verifyEcdsaInPool('sha256', nonce, publicKey, signature));
  if (isValid) return;
  assertOnCurve(publicKey);
  throw new AppAttestError('invalid_signature', 'the assertion was not made by this key over this client data');
}
