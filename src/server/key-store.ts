import type { AuthenticatorExtensions } from '../authenticator-data/authenticator-extensions.js';
import type { NewKey, StoredKey } from './stored-key.js';

/** An accepted request, stored together with its counter. */
export interface KeyUse {
  /** When the request was accepted, by the clock of the server. */
  usedAt: Date;
  /** The extensions of the request, if it carried any. */
  extensions?: AuthenticatorExtensions | undefined;
}

/** A page of keys. */
export interface KeyPage {
  /** The maximum number of keys, 1 to 1000. */
  limit: number;
  /** The key identifier after which the page begins: that of the last key of the page before. Absent for the first page. */
  after?: string | undefined;
}

/** The result of a receipt refresh. */
export interface ReceiptUpdate {
  /** The new receipt. If absent, the stored one stays. */
  receipt?: Uint8Array | undefined;
  /** The risk metric of the new receipt. If absent, the stored one stays. */
  riskMetric?: number | undefined;
  /** When to ask Apple again; `null` for never. */
  receiptDueAt: Date | null;
}

/**
 * Stores registered keys, their counters and their receipts. Each method is atomic for all servers that share the data.
 * A method that cannot reach its database must reject, never guess; the request is then rejected.
 *
 * Test an implementation with `app-attest/server/conformance`.
 */
export interface KeyStore {
  /**
   * Adds a key with its receipt. Resolves to `false` and changes nothing if the identifier exists, revoked or not. The
   * counter of the key and all below it count as used: 0 for a new key, more for one that was migrated from another
   * library.
   */
  insert(key: NewKey): Promise<boolean>;

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
   * The same step stores `use`, if the counter is accepted:
   *
   * - `lastUsedAt` becomes `usedAt`, if it is absent or at least an hour older. It never becomes older.
   * - `extensions` become those of the request, if the key has none. `whenDropped` then also applies to a device that was
   *   updated to iOS 27 after its key was attested.
   *
   * @param counter 0 to 2^32 - 1
   * @param window 0 to 64
   */
  advance(keyId: string, counter: number, window: number, use?: KeyUse): Promise<boolean>;

  /**
   * Revokes a key permanently. A key that is already revoked keeps its first date. Resolves to `false` if there is no
   * such key.
   *
   * @param revokedAt Now by default
   */
  revoke(keyId: string, revokedAt?: Date): Promise<boolean>;

  /**
   * Sets the user of a key that has none. Resolves to `true` if the key belongs to this user afterwards, also if it did
   * before; to `false` and changes nothing if it belongs to another user, is revoked or does not exist.
   */
  bind(keyId: string, subject: string): Promise<boolean>;

  /**
   * Resolves to the keys of a user, revoked or not, in ascending order of the bytes of their identifiers. A page is
   * shorter than `limit` only if it is the last one. A key that exists during the whole listing is on exactly one page,
   * regardless of keys that are added or removed at the same time, even if the key `after` is removed.
   */
  list(subject: string, page: KeyPage): Promise<StoredKey[]>;

  /** Deletes a key and its receipt. The identifier can then be inserted again. Resolves to `false` if there is no such key. */
  remove(keyId: string): Promise<boolean>;

  /** Resolves to the latest receipt of a key, revoked or not. */
  receipt(keyId: string): Promise<Uint8Array | null | undefined>;

  /** Stores the result of a receipt refresh and ends the claim of `due`. Resolves to `false` if there is no such key. */
  saveReceipt(keyId: string, update: ReceiptUpdate): Promise<boolean>;

  /**
   * Claims keys whose receipt is due at `date`, and resolves to their identifiers, the longest due first. Revoked keys
   * are left out. No other call returns a claimed key before its claim ends: `saveReceipt` ends it, or `claimedUntil` does. A
   * process that crashes therefore leaves no lock behind.
   *
   * @param date The current time, by the clock of the server; it is compared with `receiptDueAt` and with earlier claims
   * @param limit The maximum number of keys, 1 to 1000
   * @param claimedUntil When the claim ends by itself
   */
  due(date: Date, limit: number, claimedUntil: Date): Promise<string[]>;
}
