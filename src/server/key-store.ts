import type { AuthenticatorExtensions } from '../authenticator-data/authenticator-extensions.js';
import type { StoredKey } from './stored-key.js';

/**
 * Where registered keys and their counters are kept. Each method is atomic for all servers on the same data. A method
 * that cannot reach its database rejects, and the request is refused: it must never guess.
 *
 * `app-attest/server/conformance` proves an implementation.
 */
export interface KeyStore {
  /**
   * Adds a key. Resolves to `false`, and changes nothing, where the identifier exists, revoked or not. The counter that
   * it comes with, and all below, count as accepted before: 0 for a new key, more for one that another library kept.
   */
  insert(key: StoredKey): Promise<boolean>;

  /** The key of that identifier, revoked or not. */
  find(keyId: string): Promise<StoredKey | null | undefined>;

  /**
   * Accepts a counter and keeps it, in one atomic step. Resolves to `true` where the key exists, is not revoked, and
   * the counter
   *
   * - is higher than the highest one accepted, or
   * - is at least 1 and at most `window` behind it, and was not accepted before: the anti-replay window of RFC 4303
   *   §3.4.3, with a bit for each counter behind the highest.
   *
   * Keep 64 bits whatever `window` says: a window that is widened later must not forget what was accepted before.
   *
   * @param counter 0 to 2^32 - 1
   * @param window 0 to 64
   */
  advance(keyId: string, counter: number, window: number): Promise<boolean>;

  /**
   * Revokes a key for good. The first date stays where it was revoked before. Resolves to `false` where there is no such
   * key.
   *
   * @param revokedAt Now by default
   */
  revoke(keyId: string, revokedAt?: Date): Promise<boolean>;

  /**
   * Optional. Keeps what an assertion was the first of its key to carry, and changes nothing where the key has
   * extensions already: a device that was updated to iOS 27 after its key was attested may then not stop carrying them
   * either.
   */
  recordExtensions?(keyId: string, extensions: AuthenticatorExtensions): Promise<void>;
}
