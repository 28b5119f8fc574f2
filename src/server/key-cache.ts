import { AppAttestError, shortValue } from '../errors.js';
import { readKnownOptions } from '../options/known-options.js';
import { readSeconds } from '../options/seconds.js';
import { GenerationalMemo } from '../runtime/generational-memo.js';
import { copyOfKey, type StoredKey } from './stored-key.js';

/** The option `keyCache` of `createAppAttest`. */
export interface KeyCacheOptions {
  /** The maximum number of cached keys, at most 10 000 000. Each key needs about 3 KB. */
  max: number;
  /** How long a key stays in the cache after it was read from the store, in seconds, at most 86 400 (a day). */
  ttl: number;
}

const MAX_KEYS = 10_000_000;
const MAX_TTL = 86_400;

interface Entry {
  readonly key: StoredKey;
  /** Milliseconds, by the monotonic clock of the process. */
  readonly expiresAt: number;
}

/**
 * Keeps keys whose requests were accepted, in the memory of this process. Another process may change a key in the store at any
 * time. A cached key therefore never decides alone: `KeyStore.advance` compares its registration with the stored key.
 */
export class KeyCache {
  readonly #entries: GenerationalMemo<Entry>;
  /** Milliseconds. */
  readonly #lifetime: number;

  constructor({ max, ttl }: KeyCacheOptions) {
    this.#entries = new GenerationalMemo(max);
    this.#lifetime = ttl * 1000;
  }

  /** Returns a copy, so that the caller cannot change the cached key. */
  get(keyId: string): StoredKey | undefined {
    const entry = this.#entries.get(keyId);
    return entry && performance.now() < entry.expiresAt ? copyOfKey(entry.key) : undefined;
  }

  /** Keeps a key that was just read from the store. */
  keep(key: StoredKey): void {
    this.#entries.set(key.keyId, { key: copyOfKey(key), expiresAt: performance.now() + this.#lifetime });
  }

  /** Updates a cached key after another accepted request. The key expires at the same time as before. */
  update({ keyId, counter, lastUsedAt }: StoredKey): void {
    const key = this.#entries.get(keyId)?.key;
    if (!key) return;
    key.counter = Math.max(key.counter, counter);
    if (lastUsedAt) key.lastUsedAt = new Date(lastUsedAt);
  }

  drop(keyId: string): void {
    this.#entries.delete(keyId);
  }
}

/**
 * Reads the option `keyCache`.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readKeyCacheOptions(passed: KeyCacheOptions | undefined): KeyCacheOptions | undefined {
  if (passed === undefined) return undefined;
  const { max, ttl } = readKnownOptions<KeyCacheOptions>('keyCache', passed, {
    max: 'never undefined',
    ttl: 'never undefined',
  });
  if (!Number.isInteger(max) || max < 1 || max > MAX_KEYS) {
    throw new AppAttestError(
      'invalid_argument',
      `the option max of keyCache must be an integer from 1 to ${MAX_KEYS}, not ${shortValue(max)}`,
    );
  }
  return { max, ttl: readSeconds('the option ttl of keyCache', ttl, MAX_TTL) };
}
