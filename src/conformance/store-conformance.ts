import type { Stores } from '../server/stores.js';
import { CHALLENGE_CASES } from './challenge-cases.js';
import { COUNTER_CASES } from './counter-cases.js';
import { DUE_CASES } from './due-cases.js';
import { KEY_CASES } from './key-cases.js';
import { LAST_USE_CASES } from './last-use-cases.js';
import { OWNER_CASES } from './owner-cases.js';
import { RECEIPT_CASES } from './receipt-cases.js';
import { REGISTRATION_CASES } from './registration-cases.js';
import { REMOVAL_CASES } from './removal-cases.js';
import { USER_CASES } from './user-cases.js';

/**
 * Opens the stores of one server. Each test case calls this function twice, to simulate two servers with the same data. If
 * the data is in a database, open a new connection each time. If the data is in memory, return the same stores each time.
 */
export type OpenStores = () => Stores | Promise<Stores>;

const CASES = [
  ...CHALLENGE_CASES,
  ...KEY_CASES,
  ...COUNTER_CASES,
  ...LAST_USE_CASES,
  ...USER_CASES,
  ...REMOVAL_CASES,
  ...OWNER_CASES,
  ...REGISTRATION_CASES,
  ...RECEIPT_CASES,
  ...DUE_CASES,
];

/** A test case, which works with any test runner. */
export interface ConformanceCase {
  /** The requirement, as a sentence. */
  readonly name: string;
  /**
   * Runs the case. If the stores do not meet the requirement, the promise rejects with an `AssertionError` of `node:assert`, or
   * with the error that a store threw.
   */
  run(): Promise<void>;
}

/**
 * Returns test cases for the requirements that `createAppAttest` has for its stores. Each challenge and
 * each counter must be accepted only once, each key must be registered only once, and each due receipt must be claimed only once.
 * This must hold even if many servers try at the same time.
 *
 * The cases use random challenges, users and key identifiers, so the database may contain other data. Most cases do not delete
 * their data. Run the cases one after another, because concurrent cases could claim each other's receipts.
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
