import { AppAttestError } from '../../errors.js';
import { readKnownOptions } from '../../options/known-options.js';
import type { Stores } from '../stores.js';
import { MemoryChallengeStore } from './memory-challenge-store.js';
import { MemoryKeyStore } from './memory-key-store.js';

/** Options of {@link memoryStores}. */
export interface MemoryStoresOptions {
  /**
   * The maximum number of challenges. 100 000 by default, which is about 20 MB. When the store is full, a new challenge
   * replaces the oldest challenge.
   */
  maxChallenges?: number | undefined;
  /**
   * The maximum number of keys. 10 000 by default, which is about 60 MB with receipts. When the store is full, the
   * registration of another key fails.
   */
  maxKeys?: number | undefined;
}

/**
 * Creates stores in the memory of this process, for tests and development. A service that runs as one process can use these
 * stores if it may lose all keys at a restart. Each device must then register a new key.
 *
 * @throws AppAttestError `invalid_argument`
 *
 * @example
 * ```ts
 * const appAttest = createAppAttest({ appId: 'TEAMID1234.com.example.app', ...memoryStores() });
 * ```
 */
export function memoryStores(options: MemoryStoresOptions = {}): Stores {
  const { maxChallenges = 100_000, maxKeys = 10_000 } = readKnownOptions<MemoryStoresOptions>('memoryStores', options, {
    maxChallenges: 'may be undefined',
    maxKeys: 'may be undefined',
  });
  assertLimit('maxChallenges', maxChallenges);
  assertLimit('maxKeys', maxKeys);
  return { challenges: new MemoryChallengeStore(maxChallenges), keys: new MemoryKeyStore(maxKeys) };
}

function assertLimit(name: string, limit: number): void {
  if (Number.isSafeInteger(limit) && limit > 0) return;
  throw new AppAttestError('invalid_argument', `${name} must be a positive integer`);
}
