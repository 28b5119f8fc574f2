/**
 * A large cache for values that are expensive to compute. The number of values is limited. In contrast to a bounded memo, a hit
 * usually changes nothing: moving the used value to the end of a large `Map` leaves deleted entries behind, which each further
 * search for the same key has to pass.
 *
 * If half of the limit is new, the values that were not used since are deleted.
 */
export class GenerationalMemo<Value> {
  readonly #half: number;
  #recent = new Map<string, Value>();
  #older = new Map<string, Value>();

  /** @param limit An even number */
  constructor(limit: number) {
    this.#half = limit / 2;
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
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(key, value);
  }
}
