import type { ChallengeStore } from './challenge-store.js';
import type { KeyStore } from './key-store.js';

/** Both stores of a server. */
export interface Stores {
  /** Where challenges are kept. */
  challenges: ChallengeStore;
  /** Where keys, counters and receipts are kept. */
  keys: KeyStore;
}
