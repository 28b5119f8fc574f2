import { type KeyObject, verify } from 'node:crypto';

/**
 * Verifies a DER-encoded ECDSA signature over a message, which is hashed here.
 *
 * (r, n - s) verifies where (r, s) does, so signature bytes never identify a message.
 */
export function verifyEcdsa(hash: string, message: Uint8Array, publicKey: KeyObject, signature: Uint8Array): boolean {
  try {
    return verify(hash, message, { key: publicKey, dsaEncoding: 'der' }, signature);
  } catch {
    // Some runtimes throw for a signature that is not DER; it is as invalid as any other.
    return false;
  }
}
