/**
 * An environment variable of the process; `undefined` if it is not set.
 *
 * Looked up by name at run time: bundlers and minifiers replace the expressions `process.env.NAME`, `process.env` and
 * `process` with values of the build environment, or with nothing.
 */
export function environmentVariable(name: string): string | undefined {
  const variables = entry(entry(globalThis, 'process'), 'env');
  // Not inherited: an entry of a polluted Object.prototype must not be taken for a variable.
  if (!isObject(variables) || !Object.hasOwn(variables, name)) return undefined;
  const value: unknown = Reflect.get(variables, name);
  return typeof value === 'string' ? value : undefined;
}

function entry(object: unknown, name: string): unknown {
  return isObject(object) ? Reflect.get(object, name) : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
