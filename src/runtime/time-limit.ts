import { readSeconds } from '../options/seconds.js';

/**
 * The maximum in seconds. A timer stores milliseconds in a signed 32-bit integer. With a larger number, the timer fires
 * immediately.
 */
const MAX_TIME_LIMIT = 2_147_483;

/**
 * Checks a time limit in seconds that a caller passed.
 *
 * @param name The name of the option, for the error message
 * @throws AppAttestError `invalid_argument`
 */
export function readTimeLimit(name: string, seconds: unknown): number {
  return readSeconds(name, seconds, MAX_TIME_LIMIT);
}

/**
 * Settles with the result or the error of an operation, or rejects when the time limit is over. This function is for
 * operations that cannot be aborted. Such an operation may still finish later.
 *
 * @param seconds At most {@link MAX_TIME_LIMIT}
 * @param asked The name of the component that runs the operation, for the error message
 */
export function withinTimeLimit<Answer>(seconds: number, asked: string, answer: Promise<Answer>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`${asked} did not respond within ${seconds} seconds`));
    }, seconds * 1000);
    // A database client may return a thenable that is not a promise.
    Promise.resolve(answer).then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}

/**
 * Runs an operation that can be aborted. The operation is aborted when the time limit is over or the caller's signal
 * aborts. Then the promise rejects immediately, even if the operation does not settle.
 *
 * @param seconds At most {@link MAX_TIME_LIMIT}
 * @param waiting The caller's own signal
 */
export async function abortAfterTimeLimit<Result>(
  seconds: number,
  waiting: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  // AbortSignal.any is not used: in Node.js 20 its result stays attached to the caller's signal for the lifetime of that
  // signal.
  const controller = new AbortController();
  const { signal } = controller;
  const abandon = (): void => controller.abort(waiting?.reason);
  const late = (): void => controller.abort(new DOMException('no response in time', 'TimeoutError'));
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
