/**
 * Remembers values that are expensive to compute and few in number, such as the apps of a server, trust anchors, and CA
 * certificates below them. The one that was not used for the longest time goes when it is full, so it cannot grow
 * whatever comes in, and what is in use stays.
 */
export class BoundedMemo<Value> {
  readonly #values = new Map<string, Value>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string): Value | undefined {
    const value = this.#values.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }

  set(key: string, value: Value): void {
    // A map keeps the order of insertion: the last used goes to its end.
    this.#values.delete(key);
    const [oldest] = this.#values.keys();
    if (oldest !== undefined && this.#values.size >= this.#limit) this.#values.delete(oldest);
    this.#values.set(key, value);
  }
}
