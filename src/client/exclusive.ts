/** A function that runs one call after another, in the order of its calls. */
export type Queue = <Value>(run: () => Promise<Value>) => Promise<Value>;

/** Creates a queue of its own. A call that fails does not stop the queue. */
export function createQueue(): Queue {
  let last: Promise<unknown> = Promise.resolve();
  return (run) => {
    const result = last.then(run);
    last = result.catch(() => undefined);
    return result;
  };
}

/** The part of the Web Locks API that is used. Not all engines have it. */
interface Locks {
  request<Value>(name: string, run: () => Promise<Value>): Promise<Value>;
}

/** It is created later, so that bundlers can omit it. */
let inThisProcess: Queue | undefined;

/**
 * Returns a function that runs one call at a time: in all tabs and web views of the app if the engine has Web Locks, and otherwise
 * in this process.
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
