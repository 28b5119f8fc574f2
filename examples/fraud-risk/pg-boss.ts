import { setTimeout as wait } from 'node:timers/promises';
import { AppAttestError } from 'app-attest';
import type PgBoss from 'pg-boss';
import { type Apple, type Keys, refreshKey } from './refresh-key.js';

/** Looks every minute for what is due, and takes 20 keys a second in each worker. */
export async function refreshWithPgBoss(boss: PgBoss, keys: Keys, apple: Apple): Promise<void> {
  // 'short': a key that waits already is not queued twice.
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
        // This worker waits; then the batch fails and comes again, and what was done of it is no longer due.
        if (error instanceof AppAttestError && error.status === 429) await wait((error.retryAfter ?? 60) * 1000);
        throw error;
      }
    }
  });
  await boss.schedule('look-for-due-keys', '* * * * *');
}
