import type { Configuration } from './app-attest-options.js';

const configurations = new WeakMap<object, Configuration>();

/** Stores the options of an `AppAttest` for {@link configurationOf}. */
export function keepConfiguration<Server extends object>(appAttest: Server, configuration: Configuration): Server {
  configurations.set(appAttest, configuration);
  return appAttest;
}

/** Returns the options of an `AppAttest`, or `undefined` if `createAppAttest` did not create this object. */
export function configurationOf(appAttest: object): Configuration | undefined {
  return configurations.get(appAttest);
}
