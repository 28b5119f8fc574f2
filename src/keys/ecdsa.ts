import { verify } from 'node:crypto';
import type { VerificationKey } from './public-key.js';

/** The SHA-2 hash algorithm of an ECDSA signature in a certificate or a receipt. */
export type SignatureHash = 'sha256' | 'sha384' | 'sha512';

/**
 * Verifies an ECDSA signature asynchronously. {@link verifyEcdsaInPool} has this type. Another function of this type may
 * choose the thread for each call.
 */
export type VerifyEcdsa = typeof verifyEcdsaInPool;

/**
 * Hashes a message and verifies its DER-encoded ECDSA signature, on the calling thread.
 *
 * If a signature (r, s) is valid, (r, n - s) is valid too, where n is the order of the curve. So signature bytes cannot
 * identify a message.
 */
export function verifyEcdsa(
  hash: string,
  message: Uint8Array,
  publicKey: VerificationKey,
  signature: Uint8Array,
): boolean {
  try {
    // The encoding is not set, because workerd does not accept a KeyObject in an options object. The default encoding is
    // DER.
    return verify(hash, message, publicKey, signature);
  } catch {
    // verify() throws if the signature is not DER (in Bun and Deno), or if the runtime does not support the combination of
    // hash and curve. It also throws if the key is not on the curve, which `assertOnCurve` detects. In each case, the
    // signature counts as invalid.
    return false;
  }
}

/**
 * Like {@link verifyEcdsa}, but in Node's thread pool, while the calling thread does other work. The promise never rejects,
 * and resolves to false if anything fails.
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
