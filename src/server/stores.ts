import type { ChallengeStore } from './challenge-store.js';
import type { KeyStore } from './key-store.js';

/** The stores of a server. */
export interface Stores {
  /** The store for challenges. */
  challenges: ChallengeStore;
  /** The store for keys, counters and receipts. */
  keys: KeyStore;
}
