import type { AuthenticatorExtensions } from '../authenticator-data/authenticator-extensions.js';
import type { StoredKey } from './stored-key.js';

/**
 * Stores registered keys and their counters. Each method is atomic for all servers that share the data. A method that
 * cannot reach the database must return a rejected promise. The server then rejects the request.
 *
 * Test an implementation with `app-attest/server/conformance`.
 */
export interface KeyStore {
  /**
   * Adds a key and returns `true`. If a key with this key identifier exists, revoked or not, the method changes nothing and
   * returns `false`. The counter is 0 for a new key, and higher for a key that was migrated from another library. Treat this
   * counter and all lower counters as used.
   */
  insert(key: StoredKey): Promise<boolean>;

  /** Returns the key with this key identifier, even if it was revoked. */
  find(keyId: string): Promise<StoredKey | null | undefined>;

  /**
   * Accepts a counter and stores it, in one atomic step. Returns `true` if the counter was accepted. The key must exist and
   * must not be revoked. The counter must meet one of these conditions:
   *
   * - It is higher than the highest accepted counter.
   * - It is at most `window` lower than the highest accepted counter, and it was not accepted before.
   *
   * Use the anti-replay window of RFC 4303 §3.4.3: one bit for each of the 64 counters behind the highest. Keep all 64 bits
   * regardless of `window`. If the server later uses a larger window, the store must still reject counters that were
   * accepted before.
   *
   * @param counter 0 to 2^32 - 1
   * @param window 0 to 64
   */
  advance(keyId: string, counter: number, window: number): Promise<boolean>;

  /**
   * Revokes a key permanently. If the key is already revoked, its `revokedAt` does not change. Returns `false` if the key
   * does not exist.
   *
   * @param revokedAt The current time by default
   */
  revoke(keyId: string, revokedAt?: Date): Promise<boolean>;

  /**
   * Stores the extensions of the first assertion that has extensions. The method changes nothing if the key already has
   * extensions. With this method, `whenDropped` also applies to a device that was updated to iOS 27 after the registration.
   * This method is optional.
   */
  recordExtensions?(keyId: string, extensions: AuthenticatorExtensions): Promise<void>;
}
