import type { Stores } from '../server/stores.js';
import { CHALLENGE_CASES } from './challenge-cases.js';
import { COUNTER_CASES } from './counter-cases.js';
import { DUE_CASES } from './due-cases.js';
import { KEY_CASES } from './key-cases.js';
import { LAST_USE_CASES } from './last-use-cases.js';
import { RECEIPT_CASES } from './receipt-cases.js';
import { REMOVAL_CASES } from './removal-cases.js';
import { USER_CASES } from './user-cases.js';

/**
 * Opens the stores of one server. Each case calls it twice, for two servers on the same data. Return stores with
 * separate connections if the store is a database, and the same stores both times if it is in memory.
 */
export type OpenStores = () => Stores | Promise<Stores>;

const CASES = [
  ...CHALLENGE_CASES,
  ...KEY_CASES,
  ...COUNTER_CASES,
  ...LAST_USE_CASES,
  ...USER_CASES,
  ...REMOVAL_CASES,
  ...RECEIPT_CASES,
  ...DUE_CASES,
];

/** One test case, for any test runner. */
export interface ConformanceCase {
  /** The requirement, as a sentence. */
  readonly name: string;
  /** Rejects with an `AssertionError` of `node:assert` if the stores do not meet the requirement. */
  run(): Promise<void>;
}

/**
 * Test cases for what `createAppAttest` requires of its stores: each challenge, registration and counter works once,
 * and each due receipt is claimed once, even if many servers try at the same time. The cases use random challenges, users
 * and key identifiers. They do not need an empty database, and they leave their data behind. Run them one after another:
 * two at the same time on the same data would claim each other's receipts.
 *
 * @example
 * ```ts
 * import { test } from 'node:test';
 *
 * for (const { name, run } of storeConformance(() => myStores(pool))) test(name, run);
 * ```
 */
export function storeConformance(open: OpenStores): ConformanceCase[] {
  return CASES.map(({ name, check }) => ({
    name,
    run: async () => check(await open(), await open()),
  }));
}
