/** Measures the time of each call of a store. */
export class StoreClock {
  readonly #calls = new Map<string, { count: number; milliseconds: number }>();

  /** Wraps a store. The methods of the returned store are measured. */
  watch<Store extends object>(store: Store): Store {
    return new Proxy(store, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function') return method;
        return async (...parameters: unknown[]) => {
          const start = performance.now();
          try {
            return await method.apply(target, parameters);
          } finally {
            this.#add(String(name), performance.now() - start);
          }
        };
      },
    });
  }

  reset(): void {
    this.#calls.clear();
  }

  /** The average time per call in milliseconds, by the name of the method. */
  averages(): Record<string, number> {
    return Object.fromEntries([...this.#calls].map(([name, { count, milliseconds }]) => [name, milliseconds / count]));
  }

  #add(name: string, milliseconds: number): void {
    const { count, milliseconds: sum } = this.#calls.get(name) ?? { count: 0, milliseconds: 0 };
    this.#calls.set(name, { count: count + 1, milliseconds: sum + milliseconds });
  }
}
