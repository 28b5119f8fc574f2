/** A function that runs one call after another, in the order of its calls. */
export type Queue = <Value>(run: () => Promise<Value>) => Promise<Value>;

/** Creates a queue. If a call fails, the queue continues with the next call. */
export function createQueue(): Queue {
  let last: Promise<unknown> = Promise.resolve();
  return (run) => {
    const result = last.then(run);
    last = result.catch(() => undefined);
    return result;
  };
}

/** The part of the Web Locks API that this file uses. Not all browser engines have this API. */
interface Locks {
  request<Value>(name: string, run: () => Promise<Value>): Promise<Value>;
}

/** The first call of `exclusively` creates this queue. A queue that is created on import would stay in every bundle. */
let inThisProcess: Queue | undefined;

/**
 * Returns a function that runs one call at a time. With Web Locks, this applies to all tabs of the app. Without Web Locks, it
 * applies to this process.
 *
 * @see https://w3c.github.io/web-locks/
 */
export function exclusively(): Queue {
  const { navigator }: { navigator?: { locks?: Locks } | undefined } = Object(globalThis);
  const locks = navigator?.locks;
  if (locks) return (run) => locks.request('app-attest', run);
  inThisProcess ??= createQueue();
  return inThisProcess;
}
