/**
 * A large cache for values that are expensive to compute. The number of values is limited.
 *
 * The cache has two halves. New values are added to the recent half, and a value in the older half returns to the recent half
 * when it is used. When the recent half is full, the older half is deleted, and the recent half becomes the older half. So a use
 * of a recent value changes nothing. In a `Map` that keeps the order of use, each use deletes the key and adds it again. The
 * deleted entries stay in the `Map` for a while, and make each further search for this key slower.
 */
export class GenerationalMemo<Value> {
  readonly #limit: number;
  readonly #half: number;
  #recent = new Map<string, Value>();
  #older = new Map<string, Value>();

  /** @param limit The maximum number of values */
  constructor(limit: number) {
    this.#limit = limit;
    this.#half = Math.max(1, Math.floor(limit / 2));
  }

  get(key: string): Value | undefined {
    const recent = this.#recent.get(key);
    if (recent !== undefined) return recent;
    const older = this.#older.get(key);
    if (older !== undefined) this.set(key, older);
    return older;
  }

  set(key: string, value: Value): void {
    if (this.#recent.size >= this.#half && !this.#recent.has(key)) {
      // With a limit of 1, there is no older half.
      this.#older = this.#limit > this.#half ? this.#recent : new Map();
      this.#recent = new Map();
    }
    this.#recent.set(key, value);
  }

  delete(key: string): void {
    this.#recent.delete(key);
    this.#older.delete(key);
  }
}
