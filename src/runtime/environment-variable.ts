/**
 * A variable of the environment that the process runs in, `undefined` where there is none.
 *
 * Found by names that are values: bundlers and minifiers write their own machine's environment, or nothing, in the place
 * of the expressions `process.env.NAME`, `process.env` and `process`.
 */
export function environmentVariable(name: string): string | undefined {
  const value = entry(entry(entry(globalThis, 'process'), 'env'), name);
  return typeof value === 'string' ? value : undefined;
}

function entry(object: unknown, name: string): unknown {
  return typeof object === 'object' && object !== null ? Reflect.get(object, name) : undefined;
}
