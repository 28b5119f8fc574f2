/**
 * Runs something that can be aborted, and aborts it when its time is up or its caller no longer waits. Settles then, even
 * if what runs does not.
 *
 * @param limit Milliseconds
 * @param waiting The caller's own signal
 */
export async function withTimeLimit<Result>(
  limit: number,
  waiting: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  // Not AbortSignal.any, which in Node 20 stays attached to a caller's signal for as long as that lives.
  const controller = new AbortController();
  const { signal } = controller;
  const abandon = (): void => controller.abort(waiting?.reason);
  const timer = setTimeout(() => controller.abort(new DOMException('no answer in time', 'TimeoutError')), limit);
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
