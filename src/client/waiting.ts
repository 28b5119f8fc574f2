import { detailsOf } from './client-error.js';
import type { ClientSettings } from './client-options.js';

/** Throws the reason of an aborted signal, as `fetch` does. Older browser engines and React Native have no `reason`. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw signal.reason ?? new Error('abort');
}

/**
 * Waits for a promise until the signal is aborted. The work behind the promise goes on to its next step, because other requests
 * may wait for the same registration.
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
    timer = setTimeout(() => reject(new Error('abort')), timeout * 1000);
  });
  try {
    return await Promise.race([call(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** @param milliseconds The shortest pause. The pause is up to half as long again, so that devices do not come back together */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds * (1 + Math.random() / 2));
  });
}

/** How long one request may wait and try again. All steps of the request share it. */
export interface Patience {
  /** The number of attempts that are left. */
  left: number;
  /** Seconds. If the server wants to be asked later than that, the call fails at once. */
  readonly maxDelay: number;
}

export function createPatience(settings: ClientSettings): Patience {
  return { ...settings, left: settings.retries };
}

/** Repeats a call that did not reach Apple or the server, or that the server wants to be asked again. */
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

/** Milliseconds, or `Infinity` if the call must not be repeated. */
function delayAfter(error: unknown, attempt: number): number {
  const { code, retryAfter } = detailsOf(error);
  if (code === 'network') return 250 * 2 ** attempt;
  if (code === 'apple_unavailable') return 1000 * 2 ** attempt;
  return code === 'rejected' && retryAfter ? retryAfter * 1000 : Infinity;
}
