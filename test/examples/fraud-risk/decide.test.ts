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

it.each<[string, Decision, number | undefined, Account]>([
  ['a key without a risk metric', 'serve', undefined, { ageInDays: 0, recentKeys: 1 }],
  ['a new device', 'serve', 1, { ageInDays: 0, recentKeys: 1 }],
  ['a user who reinstalled the app often', 'serve', 12, { ageInDays: 30, recentKeys: 12 }],
  ['a device on which the app was installed a few times', 'serve', 6, { ageInDays: 0, recentKeys: 1 }],
  ['a device that attested many keys for other accounts', 'watch', 20, { ageInDays: 0, recentKeys: 1 }],
  ['a new account on a device of a device farm', 'ask for more', 250, { ageInDays: 0, recentKeys: 1 }],
  ['an old account on a device of a device farm', 'watch', 250, { ageInDays: 1000, recentKeys: 1 }],
])('for %s, the example returns the decision %j', (_, decision, riskMetric, account) => {
  expect(decide({ ...key, ...(riskMetric !== undefined && { riskMetric }) }, account)).toBe(decision);
});
