/**
 * Remembers values that are dear to compute and few in number, such as the apps of a server, trust anchors, and CA
 * certificates below them. The oldest goes when it is full, so it cannot grow whatever comes in.
 */
export class BoundedMemo<Value> {
  readonly #values = new Map<string, Value>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: Value): void {
    const [oldest] = this.#values.keys();
    if (oldest !== undefined && this.#values.size >= this.#limit) this.#values.delete(oldest);
    this.#values.set(key, value);
  }
}
