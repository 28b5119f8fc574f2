import { setTimeout as wait } from 'node:timers/promises';
import type { Configuration } from './app-attest-options.js';
import { type KeyResult, postpone, refreshKeyReceipt } from './refresh-key-receipt.js';
import {
  type ReceiptProgress,
  type RefreshedReceipts,
  type RefreshReceiptsOptions,
  type RefreshReceiptsRun,
  readRefreshReceiptsOptions,
} from './refresh-receipts-options.js';

/**
 * The duration of a claim in milliseconds. The requests for claimed keys take only seconds. If a process crashes, other
 * processes can claim its keys after this time.
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
  const ofOtherApps: string[] = [];
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

    const results = await refreshAll(configuration, run, counts, added);
    ofOtherApps.push(...results.filter((result) => result.isOfOtherApp).map(({ progress }) => progress.keyId));
    const seconds = Math.max(0, ...results.map(secondsToWait));
    if (seconds === 0 || claimed.size >= limit) continue;
    waited += seconds;
    if (waited > MAX_WAIT) break;
    await pause(seconds, signal);
  }
  // If no due key is of an accepted app, the option appId is probably wrong. The keys then stay due.
  if (ofOtherApps.length < counts.due) {
    for (const keyId of ofOtherApps) await postpone(configuration, keyId);
  }
  return counts;
}

async function claimDue({ keys, clock }: Configuration, limit: number): Promise<string[]> {
  const now = clock.now();
  const due = await keys.due(now, limit, new Date(now.getTime() + CLAIM));
  // A faulty store may return more keys than the limit. The run ignores the additional keys, so that it does not send too many
  // requests at the same time.
  return [...new Set(due)].slice(0, limit);
}

/**
 * Refreshes all keys at the same time. Waits for all keys even if an error ends the run, so that each response is stored.
 */
async function refreshAll(
  configuration: Configuration,
  run: RefreshReceiptsRun,
  counts: RefreshedReceipts,
  keyIds: readonly string[],
): Promise<KeyResult[]> {
  const settled = await Promise.allSettled(
    keyIds.map(async (keyId) => {
      const result = await refreshKeyReceipt(configuration, run.apple, keyId);
      if (!result) return [];
      counts.due += 1;
      counts[result.progress.outcome] += 1;
      report(run.onProgress, { ...counts, ...result.progress });
      return [result];
    }),
  );
  return settled.flatMap((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

/** The number of seconds to wait before the next request. */
function secondsToWait({ progress: { error } }: KeyResult): number {
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
