import { expect } from 'vitest';
import { verifyAttestation } from '../../src/index.js';
import { type Cost, costOf } from './cost.js';
import { attestationFixture, attestationOptions } from './recordings.js';

const genuine = attestationOptions(attestationFixture('apple-guide-2026'));
let costOfGenuine: Promise<Cost> | undefined;

/** Costs no more time than ten genuine attestations do here and now, which anyone may send, and hardly any memory. */
export async function expectCheap(attempt: () => Promise<unknown>): Promise<void> {
  costOfGenuine ??= costOf(() => verifyAttestation(genuine), 20);
  const limit = 10 * (await costOfGenuine).milliseconds;
  let cost = await costOf(attempt);
  for (let again = 0; cost.milliseconds > limit && again < 5; again += 1) cost = await costOf(attempt);
  expect(cost.milliseconds).toBeLessThan(limit);
  expect(cost.megabytes).toBeLessThan(20);
}
