/**
 * An environment variable of the process. `undefined` if the variable is not set.
 *
 * The variable is looked up by name at run time, because bundlers and minifiers replace or remove the expressions
 * `process.env.NAME`, `process.env` and `process`. The replacement is a value from the build environment.
 */
export function environmentVariable(name: string): string | undefined {
  const variables = entry(entry(globalThis, 'process'), 'env');
  // Inherited properties are ignored, because a polluted Object.prototype must not set an environment variable.
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
