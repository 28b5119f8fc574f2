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
 * @returns a promise only where the calling thread has no time: an await costs as much as a hash
 * @throws AppAttestError `invalid_signature`; `overloaded`; `invalid_argument` where the key is none
 */
export function assertSignature(
  signature: Uint8Array,
  publicKey: VerificationKey,
  authenticatorData: Uint8Array,
  clientDataHash: Uint8Array,
): Promise<void> | undefined {
  const nonce = sha256(authenticatorData, clientDataHash);
  const hasTime = callingThread.hasTime();
  if (hasTime !== true) return assertSignatureLater(hasTime, nonce, publicKey, signature);
  assertValid(verifyEcdsa('sha256', nonce, publicKey, signature), publicKey);
  return undefined;
}

async function assertSignatureLater(
  hasTime: false | Promise<boolean>,
  nonce: Uint8Array,
  publicKey: VerificationKey,
  signature: Uint8Array,
): Promise<void> {
  const isValid = (await hasTime)
    ? verifyEcdsa('sha256', nonce, publicKey, signature)
    : await turnstile.pass(() => verifyEcdsaInPool('sha256', nonce, publicKey, signature));
  assertValid(isValid, publicKey);
}

function assertValid(isValid: boolean, publicKey: VerificationKey): void {
  if (isValid) return;
  assertOnCurve(publicKey);
  throw new AppAttestError('invalid_signature', 'the assertion was not made by this key over this client data');
}
