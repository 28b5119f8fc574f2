const { SEED } = process.env;

/** Random numbers that the same seed reproduces. A failing test shows its seed. */
export class Random {
  readonly seed: number;
  #state: number;

  constructor(seed = Number(SEED ?? Date.now() % 1_000_000)) {
    this.seed = seed;
    this.#state = seed;
  }

  /** Returns a number from 0 to less than 1. The generator is SplitMix32, which is good enough to shuffle. */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  }

  between(least: number, most: number): number {
    return least + this.next() * (most - least);
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.next() * items.length)];
    if (item === undefined) throw new Error('the list of items is empty');
    return item;
  }

  /** Shuffles items. An item can overtake only items that are less than `distance` places before it. */
  displaced<Item>(items: readonly Item[], distance: number): Item[] {
    return items
      .map((item, index) => ({ item, place: index + this.next() * distance }))
      .toSorted((a, b) => a.place - b.place)
      .map(({ item }) => item);
  }
}
