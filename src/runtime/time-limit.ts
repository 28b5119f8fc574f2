import { readSeconds } from '../options/seconds.js';

/** Seconds. A timer counts milliseconds in 32 bits, and fires at once where there are more. */
const MAX_TIME_LIMIT = 2_147_483;

/**
 * A time limit in seconds, as a caller passed it.
 *
 * @param name The option it came in, for the message
 * @throws AppAttestError `invalid_argument`
 */
export function readTimeLimit(name: string, seconds: unknown): number {
  return readSeconds(name, seconds, MAX_TIME_LIMIT);
}

/**
 * The answer, or a rejection once it takes too long, for what cannot be aborted. Who was asked may still do it.
 *
 * @param seconds Not more than {@link MAX_TIME_LIMIT}
 * @param asked Who was asked, for the message
 */
export async function withinTimeLimit<Answer>(
  seconds: number,
  asked: string,
  answer: Promise<Answer>,
): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    const late = (): void => reject(new Error(`${asked} did not answer within ${seconds} seconds`));
    timer = setTimeout(late, seconds * 1000);
  });
  try {
    return await Promise.race([answer, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs something that can be aborted, and aborts it when its time is up or its caller no longer waits. Settles then, even
 * if what runs does not.
 *
 * @param seconds Not more than {@link MAX_TIME_LIMIT}
 * @param waiting The caller's own signal
 */
export async function abortAfterTimeLimit<Result>(
  seconds: number,
  waiting: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  // Not AbortSignal.any, which in Node 20 stays attached to a caller's signal for as long as that lives.
  const controller = new AbortController();
  const { signal } = controller;
  const abandon = (): void => controller.abort(waiting?.reason);
  const late = (): void => controller.abort(new DOMException('no answer in time', 'TimeoutError'));
  const timer = setTimeout(late, seconds * 1000);
  try {
    if (waiting?.aborted) abandon();
    waiting?.addEventListener('abort', abandon, { once: true });
    return await Promise.race([run(signal), rejectionBy(signal)]);
  } finally {
    clearTimeout(timer);
    waiting?.removeEventListener('abort', abandon);
  }
}

function rejectionBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
