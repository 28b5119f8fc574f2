import { AppAttestError } from '../../errors.js';
import { readKnownOptions } from '../../options/known-options.js';
import type { ChallengeStore } from '../../server/challenge-store.js';
import type { KeyStore } from '../../server/key-store.js';
import { MemoryChallengeStore } from './memory-challenge-store.js';
import { MemoryKeyStore } from './memory-key-store.js';

/** Options of {@link memoryStores}: how much they may hold. */
export interface MemoryStoresOptions {
  /** 100 000 by default, some 20 MB. Beyond it the oldest challenge goes. */
  maxChallenges?: number | undefined;
  /** 10 000 by default, some 60 MB with their receipts. Beyond it no key can be registered. */
  maxKeys?: number | undefined;
}

/**
 * Stores in the memory of this process, for tests, for development and for services that run as one process and may
 * forget their keys: devices then register new ones.
 *
 * @throws AppAttestError `invalid_argument`
 *
 * @example
 * ```ts
 * const appAttest = createAppAttest({ appId: 'TEAMID1234.com.example.app', ...memoryStores() });
 * ```
 */
export function memoryStores(options: MemoryStoresOptions = {}): { challenges: ChallengeStore; keys: KeyStore } {
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
