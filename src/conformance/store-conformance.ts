import type { Stores } from '../server/stores.js';
import { CHALLENGE_CASES } from './challenge-cases.js';
import { COUNTER_CASES } from './counter-cases.js';
import { KEY_CASES } from './key-cases.js';

/**
 * Opens the stores of one server. Each case calls it twice, for two servers on the same data: over two connections
 * where the store is a database, and the same stores twice where it lives in one process.
 */
export type OpenStores = () => Stores | Promise<Stores>;

/** One requirement, for any test runner. */
export interface ConformanceCase {
  /** A sentence. */
  readonly name: string;
  /** Rejects with an `AssertionError` of `node:assert` where the stores do not meet it. */
  run(): Promise<void>;
}

/**
 * What `createAppAttest` asks of its stores, as test cases: each thing once, whatever runs at the same time. The cases
 * use random challenges and key identifiers, so that they need no empty database, and clean up nothing.
 *
 * @example
 * ```ts
 * import { test } from 'node:test';
 *
 * for (const { name, run } of storeConformance(() => myStores(pool))) test(name, run);
 * ```
 */
export function storeConformance(open: OpenStores): ConformanceCase[] {
  return [...CHALLENGE_CASES, ...KEY_CASES, ...COUNTER_CASES].map(({ name, check }) => ({
    name,
    run: async () => check(await open(), await open()),
  }));
}
