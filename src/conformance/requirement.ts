import type { Stores } from '../server/stores.js';

/** A requirement, checked on the stores of two servers. */
export interface Requirement {
  readonly name: string;
  readonly check: (one: Stores, other: Stores) => Promise<void>;
}
