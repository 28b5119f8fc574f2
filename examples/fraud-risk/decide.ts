import type { Key } from './refresh-key.js';

/** What your own service knows about the account. */
export interface Account {
  ageInDays: number;
  /** Keys of this account that were attested within 30 days, from your own table. */
  recentKeys: number;
}

/** `'watch'`: serve the request, and leave the decision to a person or another signal. */
export type Decision = 'serve' | 'watch' | 'ask for more';

/**
 * Never rejects by the risk metric alone: each reinstall, restore and new account raises it, just like an attack.
 */
export function decide({ riskMetric }: Key, { ageInDays, recentKeys }: Account): Decision {
  if (riskMetric === undefined) return 'serve'; // no metric yet, or no answer from Apple: not evidence of fraud
  // Keys that this device attested for other accounts.
  const unexplained = riskMetric - recentKeys;
  if (unexplained <= 5) return 'serve';
  if (unexplained <= 20 || ageInDays > 365) return 'watch';
  return 'ask for more';
}
