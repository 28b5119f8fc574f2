import { AppAttestError } from 'app-attest';
import { type ConnectionOptions, Queue, Worker } from 'bullmq';
import { type Apple, type Keys, refreshKey } from './refresh-key.js';

/** Searches for due keys every minute. All workers together send at most 20 requests per second to Apple. */
export async function refreshWithBullMq(connection: ConnectionOptions, keys: Keys, apple: Apple) {
  const queue = new Queue('receipts', {
    connection,
    defaultJobOptions: {
      attempts: 5,
      backoff: { type: 'exponential', delay: 60_000 },
      removeOnComplete: true,
      removeOnFail: true, // the key is still due, so the next search finds the key again
    },
  });
  const worker = new Worker(
    'receipts',
    async ({ name, data }) => {
      if (name === 'look for due keys') {
        const due = await keys.due(new Date(), 2000);
        // BullMQ ignores a new job if a job with the same ID exists.
        await queue.addBulk(due.map((keyId) => ({ name: 'refresh', data: { keyId }, opts: { jobId: keyId } })));
        return;
      }
      try {
        await refreshKey(keys, data.keyId, apple);
      } catch (error) {
        if (!(error instanceof AppAttestError) || error.status !== 429) throw error;
        // This call pauses all workers.
        await queue.rateLimit((error.retryAfter ?? 60) * 1000);
        throw Worker.RateLimitError();
      }
    },
    { connection, concurrency: 10, limiter: { max: 20, duration: 1000 } },
  );
  await queue.upsertJobScheduler('look for due keys', { every: 60_000 }, { name: 'look for due keys' });
  return { queue, worker };
}
