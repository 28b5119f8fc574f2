import { setTimeout as wait } from 'node:timers/promises';
import type { Configuration } from './app-attest-options.js';
import { type KeyResult, refreshKeyReceipt } from './refresh-key-receipt.js';
import {
  type ReceiptProgress,
  type RefreshedReceipts,
  type RefreshReceiptsOptions,
  type RefreshReceiptsRun,
  readRefreshReceiptsOptions,
} from './refresh-receipts-options.js';

/** Milliseconds. The requests of a claim take seconds; if the process ends before, others can claim its keys then. */
const CLAIM = 5 * 60 * 1000;

/** Seconds to wait after a 429 without `Retry-After`. */
const DEFAULT_WAIT = 60;

/** Seconds that a run waits in total. */
const MAX_WAIT = 600;

export async function refreshReceipts(
  configuration: Configuration,
  passed: RefreshReceiptsOptions,
): Promise<RefreshedReceipts> {
  const run = await readRefreshReceiptsOptions(passed);
  const { limit, concurrency, signal } = run;
  const counts: RefreshedReceipts = { due: 0, refreshed: 0, notModified: 0, failed: 0 };
  const claimed = new Set<string>();
  let waited = 0;
  // A store that keeps no claims returns the same keys again. It must not keep the run going forever.
  let repetitions = 0;
  while (claimed.size < limit && repetitions <= claimed.size) {
    signal?.throwIfAborted();
    const due = await claimDue(configuration, Math.min(concurrency, limit - claimed.size));
    if (due.length === 0) break;
    // A key that failed stays due, and its claim may have ended.
    const added = due.filter((keyId) => !claimed.has(keyId));
    repetitions = added.length === 0 ? repetitions + 1 : 0;
    for (const keyId of added) claimed.add(keyId);

    const seconds = await refreshAll(configuration, run, counts, added);
    if (seconds === 0 || claimed.size >= limit) continue;
    waited += seconds;
    if (waited > MAX_WAIT) break;
    await pause(seconds, signal);
  }
  return counts;
}

async function claimDue({ keys, clock }: Configuration, limit: number): Promise<string[]> {
  const now = clock.now();
  return [...new Set(await keys.due(now, limit, new Date(now.getTime() + CLAIM)))];
}

/**
 * Refreshes all keys at the same time, and waits for all even if one ends the run, so that each answer is stored.
 *
 * @returns how many seconds to wait before the next request
 */
async function refreshAll(
  configuration: Configuration,
  run: RefreshReceiptsRun,
  counts: RefreshedReceipts,
  keyIds: readonly string[],
): Promise<number> {
  const settled = await Promise.allSettled(
    keyIds.map(async (keyId) => {
      const result = await refreshKeyReceipt(configuration, run.apple, keyId);
      if (!result) return 0;
      counts.due += 1;
      counts[result.outcome] += 1;
      report(run.onProgress, { ...counts, ...result });
      return secondsToWait(result);
    }),
  );
  return settled.reduce((longest, result) => {
    if (result.status === 'rejected') throw result.reason;
    return Math.max(longest, result.value);
  }, 0);
}

function secondsToWait({ error }: KeyResult): number {
  return error?.retryAfter ?? (error?.status === 429 ? DEFAULT_WAIT : 0);
}

/** Resolves without a result, so that nobody needs to await it. */
async function report(onProgress: RefreshReceiptsRun['onProgress'], progress: ReceiptProgress): Promise<void> {
  try {
    await onProgress?.(progress);
  } catch (cause) {
    process.emitWarning(new Error('onProgress of refreshReceipts threw an error', { cause }));
  }
}

/** @throws the reason of the signal, at once */
async function pause(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  await wait(seconds * 1000, undefined, { signal }).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw error;
  });
}
