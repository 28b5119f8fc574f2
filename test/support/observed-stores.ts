import { setTimeout } from 'node:timers/promises';
import type { Stores } from '../../src/server/index.js';

/**
 * Stores that record the rounds of calls. A round contains the names of the methods that are in progress at the same time.
 *
 * @param delay The time that a method takes, in milliseconds
 */
export function observed({ challenges, keys }: Stores, delay: (method: string) => number = () => 1) {
  const rounds: string[][] = [];
  let inProgress = 0;
  const observe = <Store extends object>(store: Store): Store =>
    new Proxy(store, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function') return method;
        return async (...parameters: unknown[]) => {
          if (inProgress === 0) rounds.push([]);
          rounds.at(-1)?.push(String(name));
          inProgress += 1;
          try {
            await setTimeout(delay(String(name)));
            return await method.apply(target, parameters);
          } finally {
            inProgress -= 1;
          }
        };
      },
    });
  return { stores: { challenges: observe(challenges), keys: observe(keys) }, rounds };
}
