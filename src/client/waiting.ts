import { detailsOf } from './client-error.js';
import type { ClientSettings } from './client-options.js';

/** Throws the reason of an aborted signal, as `fetch` does. Older browser engines and React Native have no `reason`. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw signal.reason ?? new Error('abort');
}

/**
 * Waits for a promise until the signal is aborted. The abort does not stop a registration in progress, because other requests may
 * wait for it.
 */
export async function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  const aborted = new Promise<unknown>((resolve) => {
    signal?.addEventListener('abort', resolve);
  });
  await Promise.race([promise, aborted]);
  throwIfAborted(signal);
  return promise;
}

/** Waits for a call, for at most `timeout` seconds. */
export async function inTime<Value>({ timeout }: ClientSettings, call: () => Promise<Value>): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('timeout')), timeout * 1000);
  });
  try {
    return await Promise.race([call(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Waits for the given time plus a random part of up to half of it, so that many devices do not send their requests at the same
 * time.
 */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds * (1 + Math.random() / 2));
  });
}

/** The limits for waiting and trying again. All steps of one request share this object. */
export interface Patience {
  /** The number of attempts that are left. */
  left: number;
  /** Seconds. If `Retry-After` is longer, the call fails at once. */
  readonly maxDelay: number;
}

export function createPatience(settings: ClientSettings): Patience {
  return { ...settings, left: settings.retries };
}

/** Repeats a call if Apple or the server cannot be reached, or if the server responds with `Retry-After`. */
export async function patiently<Value>(patience: Patience, call: () => Promise<Value>): Promise<Value> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      const delay = delayAfter(error, attempt);
      if (delay > patience.maxDelay * 1000 || patience.left-- <= 0) throw error;
      await pause(delay);
    }
  }
}

/** Returns the time before the next attempt in milliseconds, or `Infinity` if the call must not be repeated. */
function delayAfter(error: unknown, attempt: number): number {
  const { code, retryAfter } = detailsOf(error);
  if (code === 'network') return 250 * 2 ** attempt;
  if (code === 'apple_unavailable') return 1000 * 2 ** attempt;
  return code === 'rejected' && retryAfter ? retryAfter * 1000 : Infinity;
}
