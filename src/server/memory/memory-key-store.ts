import { acceptCounter, type CounterWindow, newWindow } from '../counter-window.js';
import type { KeyPage, KeyRegistration, KeyStore, KeyUse, ReceiptUpdate } from '../key-store.js';
import { lastUse } from '../last-use.js';
import { copyOfKey, type NewKey, type StoredKey } from '../stored-key.js';

interface Entry {
  /** `key.counter` is the counter at the registration. The current counter is in `window`. */
  readonly key: StoredKey;
  window: CounterWindow;
  receipt: Uint8Array | undefined;
  /** The time when the claim from `due` ends. */
  claimedUntil: Date | undefined;
}

/**
 * Stores keys in the memory of one process. When the store is full, `insert` throws an error. The store never deletes a key to
 * make room for another key. The deleted key would lose its counters and its revocation, and it could be registered again.
 */
export class MemoryKeyStore implements KeyStore {
  readonly #entries = new Map<string, Entry>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  async insert(newKey: NewKey): Promise<boolean> {
    if (this.#entries.has(newKey.keyId)) return false;
    if (this.#entries.size >= this.#limit)
      throw new Error(`the in-memory key store is full: maxKeys is ${this.#limit}`);
    const { receipt: given, ...others } = newKey;
    const key = structuredClone(others);
    // A structured clone would also copy the rest of a buffer that the receipt is a part of.
    const receipt = given && new Uint8Array(given);
    this.#entries.set(key.keyId, { key, window: newWindow(key.counter), receipt, claimedUntil: undefined });
    return true;
  }

  async find(keyId: string): Promise<StoredKey | undefined> {
    const entry = this.#entries.get(keyId);
    return entry && storedKey(entry);
  }

  async advance(
    keyId: string,
    counter: number,
    window: number,
    use?: KeyUse,
    registration?: KeyRegistration,
  ): Promise<boolean> {
    const entry = this.#entries.get(keyId);
    if (!entry || entry.key.revokedAt || !isRegisteredAs(entry, registration)) return false;
    const accepted = acceptCounter(entry.window, counter, window);
    if (!accepted) return false;
    entry.window = accepted;
    if (!use) return true;
    entry.key.lastUsedAt = new Date(lastUse(entry.key.lastUsedAt, use.usedAt));
    if (use.extensions) entry.key.extensions ??= structuredClone(use.extensions);
    return true;
  }

  async revoke(keyId: string, revokedAt = new Date(), subject?: string): Promise<boolean> {
    const entry = this.#entries.get(keyId);
    if (!entry || !belongsTo(entry, subject)) return false;
    entry.key.revokedAt ??= new Date(revokedAt);
    return true;
  }

  async bind(keyId: string, subject: string): Promise<boolean> {
    const entry = this.#entries.get(keyId);
    if (!entry || entry.key.revokedAt) return false;
    entry.key.subject ??= subject;
    return entry.key.subject === subject;
  }

  async list(subject: string, { limit, after = '' }: KeyPage): Promise<StoredKey[]> {
    return [...this.#entries.values()]
      .filter(({ key }) => key.subject === subject && key.keyId > after)
      .sort((one, other) => compare(one.key.keyId, other.key.keyId))
      .slice(0, limit)
      .map(storedKey);
  }

  async remove(keyId: string, subject?: string): Promise<boolean> {
    const entry = this.#entries.get(keyId);
    return entry !== undefined && belongsTo(entry, subject) && this.#entries.delete(keyId);
  }

  async receipt(keyId: string): Promise<Uint8Array | undefined> {
    return this.#entries.get(keyId)?.receipt?.slice();
  }

  async saveReceipt(keyId: string, { receipt, riskMetric, receiptDueAt }: ReceiptUpdate): Promise<boolean> {
    const entry = this.#entries.get(keyId);
    if (!entry) return false;
    if (receipt) entry.receipt = new Uint8Array(receipt);
    if (riskMetric !== undefined) entry.key.riskMetric = riskMetric;
    if (receiptDueAt) entry.key.receiptDueAt = new Date(receiptDueAt);
    else delete entry.key.receiptDueAt;
    entry.claimedUntil = undefined;
    return true;
  }

  async due(date: Date, limit: number, claimedUntil: Date): Promise<string[]> {
    const claimed = [...this.#entries.values()]
      .filter((entry) => isDue(entry, date))
      .sort((one, other) => dueTime(one) - dueTime(other))
      .slice(0, limit);
    for (const entry of claimed) entry.claimedUntil = new Date(claimedUntil);
    return claimed.map(({ key }) => key.keyId);
  }
}

/** Returns a copy, so that callers cannot change the stored key. */
function storedKey({ key, window }: Entry): StoredKey {
  return { ...copyOfKey(key), counter: window.highest };
}

/** Returns `true` for every key if no user is given. */
function belongsTo({ key }: Entry, subject: string | undefined): boolean {
  return subject === undefined || key.subject === subject;
}

/** Returns `true` for every key if no registration is given. */
function isRegisteredAs({ key }: Entry, registration: KeyRegistration | undefined): boolean {
  if (!registration) return true;
  return key.createdAt.getTime() === registration.createdAt.getTime() && key.subject === registration.subject;
}

function isDue(entry: Entry, date: Date): boolean {
  if (entry.key.revokedAt || (entry.claimedUntil && entry.claimedUntil > date)) return false;
  return dueTime(entry) <= date.getTime();
}

/** Milliseconds since 1970. */
function dueTime({ key }: Entry): number {
  return key.receiptDueAt?.getTime() ?? Number.POSITIVE_INFINITY;
}

/** Compares base64 texts by their bytes. Base64 is ASCII, so this order is the order of the UTF-16 code units. */
function compare(one: string, other: string): number {
  return one < other ? -1 : 1;
}
