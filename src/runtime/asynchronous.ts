/**
 * Whether a function that must be synchronous returned a promise, or anything else that can be awaited. Nobody waits for it:
 * its rejection is caught here, because uncaught it would end the process.
 */
export function isAsynchronous(result: unknown): boolean {
  if (!isThenable(result)) return false;
  Promise.resolve(result).catch(() => undefined);
  return true;
}

function isThenable(value: unknown): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  return typeof Reflect.get(value, 'then') === 'function';
}
