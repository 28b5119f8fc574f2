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

/**
 * The duration of a claim in milliseconds. The requests for claimed keys take only seconds. If a process ends earlier, other
 * processes can claim the keys after this time.
 */
const CLAIM = 5 * 60 * 1000;

/** The time to wait after a 429 without `Retry-After`, in seconds. */
const DEFAULT_WAIT = 60;

/** The maximum time that a run waits in total, in seconds. */
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
  // A faulty store that keeps no claims returns the same keys again. The run must end even then.
  let repetitions = 0;
  while (claimed.size < limit && repetitions <= claimed.size) {
    signal?.throwIfAborted();
    const due = await claimDue(configuration, Math.min(concurrency, limit - claimed.size));
    if (due.length === 0) break;
    // The store may return a failed key again, because the key stays due and its claim may have ended.
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
 * Refreshes all keys at the same time. Waits for all keys even if an error ends the run, so that each response is stored.
 *
 * @returns The number of seconds to wait before the next request
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

/** Calls `onProgress`. The returned promise never rejects, so callers need not await it. */
async function report(onProgress: RefreshReceiptsRun['onProgress'], progress: ReceiptProgress): Promise<void> {
  try {
    await onProgress?.(progress);
  } catch (cause) {
    process.emitWarning(new Error('onProgress of refreshReceipts threw an error', { cause }));
  }
}

/** @throws the reason of the signal, as soon as the signal is aborted */
async function pause(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  await wait(seconds * 1000, undefined, { signal }).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw error;
  });
}
