/**
 * Whether a function that must be synchronous returned a promise or another thenable. If so, a rejection of the promise is
 * handled here, because an unhandled rejection would end the process.
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
