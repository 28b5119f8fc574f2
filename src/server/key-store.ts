import type { AuthenticatorExtensions } from '../authenticator-data/authenticator-extensions.js';
import type { StoredKey } from './stored-key.js';

/**
 * Stores registered keys and their counters. Each method is atomic for all servers that share the data. A method that
 * cannot reach its database must reject, never guess; the request is then rejected.
 *
 * Test an implementation with `app-attest/server/conformance`.
 */
export interface KeyStore {
  /**
   * Adds a key. Resolves to `false` and changes nothing if the identifier exists, revoked or not. The counter of the
   * key and all below it count as used: 0 for a new key, more for one that was migrated from another library.
   */
  insert(key: StoredKey): Promise<boolean>;

  /** Resolves to the key with this identifier, revoked or not. */
  find(keyId: string): Promise<StoredKey | null | undefined>;

  /**
   * Accepts a counter and stores it, in one atomic step. Resolves to `true` if the key exists, is not revoked, and the
   * counter
   *
   * - is higher than the highest one accepted, or
   * - is at least 1 and at most `window` behind it, and was not accepted before: the anti-replay window of RFC 4303
   *   §3.4.3, with a bit for each counter behind the highest.
   *
   * Keep 64 bits regardless of `window`: a window that is widened later must reject counters accepted before.
   *
   * @param counter 0 to 2^32 - 1
   * @param window 0 to 64
   */
  advance(keyId: string, counter: number, window: number): Promise<boolean>;

  /**
   * Revokes a key permanently. A key that is already revoked keeps its first date. Resolves to `false` if there is no
   * such key.
   *
   * @param revokedAt Now by default
   */
  revoke(keyId: string, revokedAt?: Date): Promise<boolean>;

  /**
   * Optional. Stores the extensions of the first assertion that carries them. Changes nothing if the key already has
   * extensions. `whenDropped` then also applies to a device that was updated to iOS 27 after its key was attested.
   */
  recordExtensions?(keyId: string, extensions: AuthenticatorExtensions): Promise<void>;
}
