import type { Stores } from '../server/stores.js';

/** A requirement for stores. `check` gets the stores of two servers with the same data. */
export interface Requirement {
  readonly name: string;
  readonly check: (one: Stores, other: Stores) => Promise<void>;
}
