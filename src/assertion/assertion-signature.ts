import { sha256 } from '../encoding/bytes.js';
import { AppAttestError } from '../errors.js';
import { verifyEcdsa, verifyEcdsaInPool } from '../keys/ecdsa.js';
import { assertOnCurve, type VerificationKey } from '../keys/public-key.js';
import { CallingThread } from '../runtime/calling-thread.js';
import { threadPoolSize } from '../runtime/thread-pool.js';
import { Turnstile } from '../runtime/turnstile.js';

/**
 * A signature takes 65 µs on the calling thread, and 20 µs more in the thread pool. Twenty per turn block the event loop
 * for less than two milliseconds. See docs/performance.md.
 */
const callingThread = new CallingThread(20);

/**
 * The pool gets up to sixteen signatures per thread at a time: enough to keep its threads busy until the next turn of the
 * event loop, and so few that other work in the pool waits for a millisecond or two. Waiting assertions hold at most
 * 32 MiB, 8 KiB each, and are verified within a second.
 */
const turnstile = new Turnstile({ width: 16 * threadPoolSize(), waiting: 4096, patience: 5 });

/**
 * Apple: Validating apps …, assertion steps 1 to 3. The device signs the nonce as a message, so the signature is over
 * SHA-256(nonce).
 *
 * @throws AppAttestError `invalid_signature`; `overloaded`; `invalid_argument` if the stored key is not on the curve
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
  throw new AppAttestError('invalid_signature', 'the assertion was signed by another key or over other client data');
}
