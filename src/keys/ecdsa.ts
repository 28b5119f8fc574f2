import { verify } from 'node:crypto';
import type { VerificationKey } from './public-key.js';

/** The hash under an ECDSA signature of a certificate or a receipt: SHA-2. */
export type SignatureHash = 'sha256' | 'sha384' | 'sha512';

/** {@link verifyEcdsaInPool}, or a function that chooses between it and {@link verifyEcdsa}. */
export type VerifyEcdsa = typeof verifyEcdsaInPool;

/**
 * Verifies a DER-encoded ECDSA signature over a message, which is hashed here, on the calling thread.
 *
 * (r, n - s) verifies where (r, s) does, so signature bytes never identify a message.
 */
export function verifyEcdsa(
  hash: string,
  message: Uint8Array,
  publicKey: VerificationKey,
  signature: Uint8Array,
): boolean {
  try {
    // DER is the default. Said in an options object, workerd would not take a KeyObject.
    return verify(hash, message, publicKey, signature);
  } catch {
    // Thrown for a signature that is not DER (Bun, Deno), a hash that the runtime cannot pair with the curve, or a key off
    // the curve, which `assertOnCurve` tells apart. Whichever it was, nothing has been verified.
    return false;
  }
}

/**
 * The same in Node's thread pool, while the calling thread does other work. Never rejects: whatever goes wrong, the
 * signature is not valid.
 */
export function verifyEcdsaInPool(
  hash: string,
  message: Uint8Array,
  publicKey: VerificationKey,
  signature: Uint8Array,
): Promise<boolean> {
  return new Promise((resolve) => {
    try {
      verify(hash, message, publicKey, signature, (error, isValid) => resolve(!error && isValid));
    } catch {
      resolve(false);
    }
  });
}
