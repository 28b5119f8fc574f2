import { AppAttestError } from '../../errors.js';
import { readKnownOptions } from '../../options/known-options.js';
import type { Stores } from '../stores.js';
import { MemoryChallengeStore } from './memory-challenge-store.js';
import { MemoryKeyStore } from './memory-key-store.js';

/** Options of {@link memoryStores}. */
export interface MemoryStoresOptions {
  /** 100 000 by default, about 20 MB. A full store deletes the oldest challenge for a new one. */
  maxChallenges?: number | undefined;
  /** 10 000 by default, about 60 MB with their receipts. A full store registers no further key. */
  maxKeys?: number | undefined;
}

/**
 * Stores in the memory of this process: for tests, for development, and for services that run as one process and may
 * lose their keys. Devices then register new ones.
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
