import type { ChallengeStore } from '../server/challenge-store.js';
import type { KeyStore } from '../server/key-store.js';

/** The two stores of a server. */
export interface Stores {
  challenges: ChallengeStore;
  keys: KeyStore;
}

/** A requirement, checked on the stores of two servers. */
export interface Requirement {
  readonly name: string;
  readonly check: (one: Stores, other: Stores) => Promise<void>;
}
