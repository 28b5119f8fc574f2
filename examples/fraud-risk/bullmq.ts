import type { AppAttest, RefreshReceiptsOptions } from 'app-attest/server';
import { type ConnectionOptions, Queue, Worker } from 'bullmq';

/** Refreshes the due receipts every five minutes. */
export async function refreshWithBullMq(
  connection: ConnectionOptions,
  appAttest: AppAttest,
  options: RefreshReceiptsOptions,
) {
  const queue = new Queue('receipts', { connection });
  const worker = new Worker('receipts', () => appAttest.refreshReceipts(options), { connection });
  const opts = { removeOnComplete: 100, removeOnFail: 100 };
  await queue.upsertJobScheduler('refresh', { every: 300_000 }, { opts });
  return { queue, worker };
}
