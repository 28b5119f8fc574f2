import type { Journal } from './journal.js';
import { shortened } from './step.js';

/**
 * Returns a store that adds a step for each call of its methods.
 *
 * @param name The name in the steps, such as `challenges`
 */
export function observeStore<Store extends object>(store: Store, name: string, journal: Journal): Store {
  return new Proxy(store, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]) => {
        const result: unknown = await Reflect.apply(member, target, args);
        // `put` returns nothing.
        const facts = { ...factsOf(args), ...(property !== 'put' && { result: describe(result) }) };
        journal.step('service', 'store', `${name}.${String(property)}`, facts);
        return result;
      };
    },
  });
}

/** The first argument identifies a challenge, a key or a user, or is a new key. A number after it is a counter. */
function factsOf([first, second]: readonly unknown[]): Record<string, string> {
  const id: unknown = typeof first === 'string' ? first : Object(first).keyId;
  return {
    ...(typeof id === 'string' && { for: shortened(id) }),
    ...(typeof second === 'number' && { counter: String(second) }),
  };
}

function describe(result: unknown): string {
  if (result === undefined || result === null) return 'nothing';
  if (result instanceof Uint8Array) return `${result.length} bytes`;
  if (typeof result !== 'object') return String(result);
  if ('counter' in result) return `key with counter ${result.counter}`;
  if ('purpose' in result) return `challenge for an ${result.purpose}`;
  return Array.isArray(result) ? `${result.length} found` : 'found';
}
