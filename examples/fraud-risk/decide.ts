import type { StoredKey } from 'app-attest/server';

/** Data of your service about the account. */
export interface Account {
  ageInDays: number;
  /** The number of keys of this account that were attested in the last 30 days, from your own table. */
  recentKeys: number;
}

/** `'watch'` means: serve the request, and let a person or another signal decide later. */
export type Decision = 'serve' | 'watch' | 'ask for more';

/**
 * Never rejects a request because of the risk metric alone. Reinstalled apps and restored devices raise the metric too.
 */
export function decide({ riskMetric }: StoredKey, { ageInDays, recentKeys }: Account): Decision {
  if (riskMetric === undefined) return 'serve'; // a missing metric does not indicate fraud
  // Roughly the number of keys that this device attested for other accounts.
  const unexplained = riskMetric - recentKeys;
  if (unexplained <= 5) return 'serve';
  if (unexplained <= 20 || ageInDays > 365) return 'watch';
  return 'ask for more';
}
