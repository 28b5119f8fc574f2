/**
 * Whether a function that must be synchronous returned a promise or another thenable. If so, its rejection is caught here.
 * Otherwise nobody would handle the rejection, and the process would end.
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
