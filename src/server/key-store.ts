import type { AuthenticatorExtensions } from '../authenticator-data/authenticator-extensions.js';
import type { NewKey, StoredKey } from './stored-key.js';

/** Data about an accepted request. It is stored together with the counter. */
export interface KeyUse {
  /** The time of the request, by the clock of the server. */
  usedAt: Date;
  /** The extensions of the request. Absent if the request has no extensions. */
  extensions?: AuthenticatorExtensions | undefined;
}

/**
 * Identifies one registration of a key. A key that was removed and registered again has another `createdAt`. A key that was bound
 * to a user after its registration has another `subject`.
 */
export interface KeyRegistration {
  /** The time of the registration. */
  createdAt: Date;
  /** The user of the key. Absent if the key has no user. */
  subject?: string | undefined;
}

/** Selects a page of keys. */
export interface KeyPage {
  /** The maximum number of keys, 1 to 1000. */
  limit: number;
  /** The last key identifier of the previous page. Absent for the first page. */
  after?: string | undefined;
}

/** The result of a receipt refresh. */
export interface ReceiptUpdate {
  /** The new receipt. If it is absent, the stored receipt does not change. */
  receipt?: Uint8Array | undefined;
  /** The risk metric of the new receipt. If it is absent, the stored risk metric does not change. */
  riskMetric?: number | undefined;
  /** The time of the next refresh. `null` if there will be no further refresh. */
  receiptDueAt: Date | null;
}

/**
 * Stores registered keys, their counters and their receipts. Each method is atomic for all servers that share the data.
 * A method that cannot reach the database must return a rejected promise. The server then rejects the request.
 *
 * Test an implementation with `app-attest/server/conformance`.
 */
export interface KeyStore {
  /**
   * Adds a key with its receipt and returns `true`. If a key with this key identifier exists, revoked or not, the method
   * changes nothing and returns `false`. The counter is 0 for a new key, and may be higher for a key that was migrated from
   * another library. Treat this counter and all lower counters as used. A migrated key can also have all optional properties.
   * For example, a key that is inserted with `revokedAt` is revoked.
   */
  insert(key: NewKey): Promise<boolean>;

  /** Returns the key with this key identifier, even if it was revoked. */
  find(keyId: string): Promise<StoredKey | null | undefined>;

  /**
   * Accepts a counter and stores it, in one atomic step. Returns `true` if the counter was accepted. The key must exist and
   * must not be revoked. The counter must meet one of these conditions:
   *
   * - It is higher than the highest accepted counter.
   * - It is at most `window` lower than the highest accepted counter, and it was not accepted before.
   *
   * Use the anti-replay window of RFC 4303 §3.4.3: one bit for each of the 64 counters below the highest. Keep all 64 bits
   * regardless of `window`. If the server later uses a larger window, the store must still reject counters that were
   * accepted before.
   *
   * If the counter is accepted, the same step stores `use`:
   *
   * - It sets `lastUsedAt` to `usedAt`, if `lastUsedAt` is absent or at least an hour earlier.
   * - It stores the extensions of the request, if the key has none. The option `whenDropped` of the policy then also applies if
   *   the device was updated to iOS 27 after the registration.
   *
   * If `registration` is given, the stored key must have the same `createdAt` and the same `subject`, or no `subject` if
   * `registration` has none. Otherwise, the method changes nothing and returns `false`. Compare both in the same atomic step. With
   * the option `keyCache`, this comparison detects a cached key that was changed in the store.
   *
   * @param counter 0 to 2^32 - 1
   * @param window 0 to 64
   * @param registration The registration that the key must have. By default, any registration is accepted
   */
  advance(
    keyId: string,
    counter: number,
    window: number,
    use?: KeyUse,
    registration?: KeyRegistration,
  ): Promise<boolean>;

  /**
   * Revokes a key permanently, and returns `true`. If the key is already revoked, its `revokedAt` does not change. If the key
   * does not exist, the method returns `false`.
   *
   * If `subject` is given and the key does not belong to this user, the method changes nothing and returns `false`. Compare the
   * user in the same atomic step. Otherwise, the key can be removed and registered for another user after the comparison.
   *
   * @param revokedAt The current time by default
   * @param subject The user that the key must belong to. By default, the key may belong to any user or to none
   */
  revoke(keyId: string, revokedAt?: Date, subject?: string): Promise<boolean>;

  /**
   * Sets the user of a key that has no user, and returns `true`. Returns `true` as well if the key already belongs to this
   * user. If the key belongs to another user, is revoked or does not exist, the method changes nothing and returns `false`.
   */
  bind(keyId: string, subject: string): Promise<boolean>;

  /**
   * Returns a page of the keys of a user, including revoked keys. The keys are in the byte order of their identifiers as text,
   * which is `COLLATE "C"` in SQL. Only the last page may have fewer keys than `limit`. If keys are added or removed between
   * two pages, each remaining key must still be on exactly one page. The key that `after` identifies may itself have been
   * removed.
   */
  list(subject: string, page: KeyPage): Promise<StoredKey[]>;

  /**
   * Deletes a key and its receipt, and returns `true`. A key with the same key identifier can then be inserted again. If the
   * key does not exist, the method returns `false`.
   *
   * If `subject` is given and the key does not belong to this user, the method changes nothing and returns `false`. Compare the
   * user in the same atomic step, as `revoke` does.
   *
   * @param subject The user that the key must belong to. By default, the key may belong to any user or to none
   */
  remove(keyId: string, subject?: string): Promise<boolean>;

  /** Returns the latest receipt of a key, even if the key was revoked. */
  receipt(keyId: string): Promise<Uint8Array | null | undefined>;

  /** Stores the result of a receipt refresh, and ends the claim of the key. Returns `false` if the key does not exist. */
  saveReceipt(keyId: string, update: ReceiptUpdate): Promise<boolean>;

  /**
   * Claims keys whose `receiptDueAt` is not later than `date`, and returns their key identifiers, the earliest date first.
   * Skips revoked keys and claimed keys. A claim ends with `saveReceipt`, or at `claimedUntil`. A process that crashes
   * therefore leaves no lock behind.
   *
   * @param date The current time, by the clock of the server
   * @param limit The maximum number of keys, 1 to 1000
   * @param claimedUntil The time when the claim ends without `saveReceipt`
   */
  due(date: Date, limit: number, claimedUntil: Date): Promise<string[]>;
}
