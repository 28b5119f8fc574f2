import type { AppAttest, RefreshReceiptsOptions } from 'app-attest/server';
import type PgBoss from 'pg-boss';

/** Refreshes the due receipts every five minutes. */
export async function refreshWithPgBoss(boss: PgBoss, appAttest: AppAttest, options: RefreshReceiptsOptions) {
  // The policy allows one active run and one waiting run. By default, pg-boss would end a run after 15 minutes.
  await boss.createQueue('refresh-receipts', { name: 'refresh-receipts', policy: 'stately', expireInHours: 2 });
  await boss.work('refresh-receipts', () => appAttest.refreshReceipts(options));
  await boss.schedule('refresh-receipts', '*/5 * * * *');
}
