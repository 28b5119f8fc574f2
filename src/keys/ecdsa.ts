import { verify } from 'node:crypto';
import type { VerificationKey } from './public-key.js';

/** The hash algorithm of an ECDSA signature in a certificate or a receipt: SHA-2. */
export type SignatureHash = 'sha256' | 'sha384' | 'sha512';

/** The type of {@link verifyEcdsaInPool}, and of a function that chooses between it and {@link verifyEcdsa}. */
export type VerifyEcdsa = typeof verifyEcdsaInPool;

/**
 * Hashes a message and verifies its DER-encoded ECDSA signature, on the calling thread.
 *
 * If (r, s) is valid, so is (r, n - s): signature bytes never identify a message.
 */
export function verifyEcdsa(
  hash: string,
  message: Uint8Array,
  publicKey: VerificationKey,
  signature: Uint8Array,
): boolean {
  try {
    // DER is the default. With an options object that says so, workerd does not accept a KeyObject.
    return verify(hash, message, publicKey, signature);
  } catch {
    // Thrown for a signature that is not DER (Bun, Deno), a combination of hash and curve that the runtime does not support,
    // or a key that is not on the curve, which `assertOnCurve` detects. In every case the signature is not verified.
    return false;
  }
}

/**
 * Like {@link verifyEcdsa}, but in Node's thread pool, while the calling thread does other work. Never rejects: the result
 * is false if anything fails.
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
