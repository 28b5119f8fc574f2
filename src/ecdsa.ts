import { type KeyObject, verify } from 'node:crypto';

/**
 * Verifies a DER-encoded ECDSA signature over a message, which is hashed here.
 *
 * (r, n - s) verifies where (r, s) does, so signature bytes never identify a message.
 */
export function verifyEcdsa(hash: string, message: Uint8Array, publicKey: KeyObject, signature: Uint8Array): boolean {
  try {
    // DER is the default. Said in an options object, workerd would not take a KeyObject.
    return verify(hash, message, publicKey, signature);
  } catch {
    // Some runtimes throw for a signature that is not DER; it is as invalid as any other.
    return false;
  }
}
