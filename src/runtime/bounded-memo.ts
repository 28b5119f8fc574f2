/**
 * A small cache for values that are expensive to compute and few in number, such as the apps of a server, trust anchors,
 * and the CA certificates below them. When it is full, the least recently used value is removed, so its size is bounded.
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
    // A Map keeps the order of insertion, so the last used value moves to the end.
    this.#values.delete(key);
    const [oldest] = this.#values.keys();
    if (oldest !== undefined && this.#values.size >= this.#limit) this.#values.delete(oldest);
    this.#values.set(key, value);
  }
}
