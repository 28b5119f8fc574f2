import type { AppAttest, RefreshReceiptsOptions } from 'app-attest/server';
import type PgBoss from 'pg-boss';

/** Refreshes the due receipts every five minutes. */
export async function refreshWithPgBoss(boss: PgBoss, appAttest: AppAttest, options: RefreshReceiptsOptions) {
  // At most one run is active and at most one is waiting. A run can take longer than 15 minutes, the default of pg-boss.
  await boss.createQueue('refresh-receipts', { name: 'refresh-receipts', policy: 'stately', expireInHours: 2 });
  await boss.work('refresh-receipts', () => appAttest.refreshReceipts(options));
  await boss.schedule('refresh-receipts', '*/5 * * * *');
}
