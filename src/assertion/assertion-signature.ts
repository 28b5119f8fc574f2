import { sha256 } from '../encoding/bytes.js';
import { AppAttestError } from '../errors.js';
import { type VerifyEcdsa, verifyEcdsa, verifyEcdsaInPool } from '../keys/ecdsa.js';
import { assertOnCurve, type VerificationKey } from '../keys/public-key.js';
import { CallingThread } from '../runtime/calling-thread.js';
import { threadPoolSize } from '../runtime/thread-pool.js';
import { Turnstile } from '../runtime/turnstile.js';

/**
 * Verifying a signature takes 65 to 90 µs on the calling thread, and longer in the thread pool. Twenty verifications on the
 * calling thread block the event loop for less than two milliseconds. See docs/performance.md.
 */
const callingThread = new CallingThread(20);

/**
 * The pool gets up to sixteen signatures per thread at a time. This number keeps the threads busy until the next iteration
 * of the event loop. Other work in the pool waits only for a millisecond or two.
 *
 * The evidence of a waiting assertion has at most 8 KiB, so the evidence of 4096 waiting assertions has at most 32 MiB.
 * All waiting assertions are verified within a second.
 */
const turnstile = new Turnstile({ width: 16 * threadPoolSize(), waiting: 4096, patience: 5 });

/** Verifies a signature on the calling thread if {@link callingThread} has time, otherwise in the thread pool. */
async function verifyInTurn(...signature: Parameters<VerifyEcdsa>): Promise<boolean> {
  return (await callingThread.hasTime())
    ? verifyEcdsa(...signature)
    : turnstile.pass(() => verifyEcdsaInPool(...signature));
}

/**
 * Verifies the signature of an assertion. Apple: Validating apps that connect to your server, assertion steps 2 and 3.
 * The signed message is the nonce, so the ECDSA signature is over SHA-256(nonce).
 *
 * @throws AppAttestError `invalid_signature`; `overloaded`, only if the caller does not pass `verify`;
 *   `invalid_argument` if the stored key is not a point on P-256
 */
export async function assertSignature(
  signature: Uint8Array,
  publicKey: VerificationKey,
  authenticatorData: Uint8Array,
  clientDataHash: Uint8Array,
  verify: VerifyEcdsa = verifyInTurn,
): Promise<void> {
  const nonce = sha256(authenticatorData, clientDataHash);
  if (await verify('sha256', nonce, publicKey, signature)) return;
  assertOnCurve(publicKey);
  throw new AppAttestError('invalid_signature', 'the assertion was signed with another key or for other client data');
}
