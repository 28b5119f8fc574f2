/**
 * A variable of the environment that the process runs in, `undefined` where there is none.
 *
 * Found by names that are values: bundlers and minifiers write their own machine's environment, or nothing, in the place
 * of the expressions `process.env.NAME`, `process.env` and `process`.
 */
export function environmentVariable(name: string): string | undefined {
  const variables = entry(entry(globalThis, 'process'), 'env');
  // Not what it inherits: an entry of a polluted Object.prototype must not pass for a variable.
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
