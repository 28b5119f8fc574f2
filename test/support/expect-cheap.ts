import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { expect } from 'vitest';
import { type Cost, costOf } from './cost.js';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const data = Buffer.from('data');
const signature = sign('sha256', data, privateKey);
let costOfSignatures: Promise<Cost> | undefined;

/** Expects that the attempt takes less time than a hundred signature verifications, and needs less than 20 MB of memory. */
export async function expectCheap(attempt: () => Promise<unknown>): Promise<void> {
  costOfSignatures ??= costOf(async () => {
    for (let count = 0; count < 100; count += 1) verify('sha256', data, publicKey, signature);
  }, 10);
  const limit = (await costOfSignatures).milliseconds;
  let cost = await costOf(attempt);
  for (let again = 0; cost.milliseconds > limit && again < 5; again += 1) cost = await costOf(attempt);
  expect(cost.milliseconds).toBeLessThan(limit);
  expect(cost.megabytes).toBeLessThan(20);
}
