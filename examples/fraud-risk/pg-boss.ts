import { setTimeout as wait } from 'node:timers/promises';
import { AppAttestError } from 'app-attest';
import type PgBoss from 'pg-boss';
import { type Apple, type Keys, refreshKey } from './refresh-key.js';

/** Searches for due keys every minute. Each worker refreshes 20 keys per second. */
export async function refreshWithPgBoss(boss: PgBoss, keys: Keys, apple: Apple): Promise<void> {
  // The policy 'short' does not queue a key that is already queued.
  const retries = { retryLimit: 5, retryDelay: 60, retryBackoff: true };
  await boss.createQueue('refresh-receipt', { name: 'refresh-receipt', policy: 'short', ...retries });
  await boss.createQueue('look-for-due-keys');

  await boss.work('look-for-due-keys', async () => {
    const due = await keys.due(new Date(), 2000);
    await boss.insert(due.map((keyId) => ({ name: 'refresh-receipt', data: { keyId }, singletonKey: keyId })));
  });
  await boss.work<{ keyId: string }>('refresh-receipt', { batchSize: 20, pollingIntervalSeconds: 1 }, async (jobs) => {
    for (const { data } of jobs) {
      try {
        await refreshKey(keys, data.keyId, apple);
      } catch (error) {
        // This worker waits. Then the batch fails and is retried. Keys that were already refreshed are then skipped.
        if (error instanceof AppAttestError && error.status === 429) await wait((error.retryAfter ?? 60) * 1000);
        throw error;
      }
    }
  });
  await boss.schedule('look-for-due-keys', '* * * * *');
}
