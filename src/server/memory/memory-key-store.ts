import type { AuthenticatorExtensions } from '../../authenticator-data/authenticator-extensions.js';
import { acceptCounter, type CounterWindow, newWindow } from '../counter-window.js';
import type { KeyStore } from '../key-store.js';
import type { StoredKey } from '../stored-key.js';

interface Entry {
  key: StoredKey;
  window: CounterWindow;
}

/**
 * Stores keys in the memory of one process. When the store is full, it rejects new keys and never deletes stored keys. A
 * deleted key would lose its counters and its revocation, and it could be registered again.
 */
export class MemoryKeyStore implements KeyStore {
  readonly #entries = new Map<string, Entry>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  async insert(key: StoredKey): Promise<boolean> {
    if (this.#entries.has(key.keyId)) return false;
    if (this.#entries.size >= this.#limit)
      throw new Error(`the in-memory key store is full: maxKeys is ${this.#limit}`);
    this.#entries.set(key.keyId, { key: copy(key), window: newWindow(key.counter) });
    return true;
  }

  async find(keyId: string): Promise<StoredKey | undefined> {
    const entry = this.#entries.get(keyId);
    return entry && { ...copy(entry.key), counter: entry.window.highest };
  }

  async advance(keyId: string, counter: number, window: number): Promise<boolean> {
    const entry = this.#entries.get(keyId);
    if (!entry || entry.key.revokedAt) return false;
    const accepted = acceptCounter(entry.window, counter, window);
    if (!accepted) return false;
    entry.window = accepted;
    return true;
  }

  async revoke(keyId: string, revokedAt = new Date()): Promise<boolean> {
    const entry = this.#entries.get(keyId);
    if (!entry) return false;
    entry.key.revokedAt ??= new Date(revokedAt);
    return true;
  }

  async recordExtensions(keyId: string, extensions: AuthenticatorExtensions): Promise<void> {
    const entry = this.#entries.get(keyId);
    if (entry) entry.key.extensions ??= structuredClone(extensions);
  }
}

/** Returns a deep copy, so that callers cannot change the stored key. */
function copy(key: StoredKey): StoredKey {
  return structuredClone(key);
}
