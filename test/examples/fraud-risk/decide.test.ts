import { expect, it } from 'vitest';
import { type Account, type Decision, decide } from '../../../examples/fraud-risk/decide.js';
import type { StoredKey } from '../../../src/server/index.js';

const key: StoredKey = {
  keyId: 'key',
  publicKey: '',
  counter: 0,
  appId: '',
  environment: 'production',
  device: {},
  createdAt: new Date(),
};

it.each<[string, number | undefined, Account, Decision]>([
  ['a key without a metric', undefined, { ageInDays: 0, recentKeys: 1 }, 'serve'],
  ['a new device', 1, { ageInDays: 0, recentKeys: 1 }, 'serve'],
  ['a user who has installed the app often', 12, { ageInDays: 30, recentKeys: 12 }, 'serve'],
  ['a device on which the app was installed a few times', 6, { ageInDays: 0, recentKeys: 1 }, 'serve'],
  ['a device that attests for others', 20, { ageInDays: 0, recentKeys: 1 }, 'watch'],
  ['a device farm with a new account', 250, { ageInDays: 0, recentKeys: 1 }, 'ask for more'],
  ['a device farm with an old account', 250, { ageInDays: 1000, recentKeys: 1 }, 'watch'],
])('decides about %s', (_, riskMetric, account, decision) => {
  expect(decide({ ...key, ...(riskMetric !== undefined && { riskMetric }) }, account)).toBe(decision);
});
