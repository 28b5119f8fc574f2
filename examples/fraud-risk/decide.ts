import type { Key } from './refresh-key.js';

/** What a fraud check knows besides: whatever your own service has learned about the account. */
export interface Account {
  ageInDays: number;
  /** Keys of this account that were attested within 30 days: your own table knows. */
  recentKeys: number;
}

/** `'watch'`: serve the request, and let a person or another signal decide. */
export type Decision = 'serve' | 'watch' | 'ask for more';

/**
 * Never refuses by the risk metric alone: each reinstall, each restore and each new account raises it as an attack does.
 */
export function decide({ riskMetric }: Key, { ageInDays, recentKeys }: Account): Decision {
  if (riskMetric === undefined) return 'serve'; // no metric yet, or Apple did not answer: no evidence against anyone
  // Keys that this device attested, but not for this account.
  const unexplained = riskMetric - recentKeys;
  if (unexplained <= 5) return 'serve';
  if (unexplained <= 20 || ageInDays > 365) return 'watch';
  return 'ask for more';
}
