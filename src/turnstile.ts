/**
 * Lets a few through at a time and the others in the order in which they came. Whoever waits holds neither a thread of
 * the pool, which file system and DNS need too, nor the event loop.
 */
export class Turnstile {
  readonly #waiting: (() => void)[] = [];
  readonly #width: number;
  #free: number;

  constructor(width: number) {
    this.#width = width;
    this.#free = width;
  }

  /** Whether more than one are let through at this moment. */
  get isShared(): boolean {
    return this.#width - this.#free > 1;
  }

  /** Does the work, now or when it is its turn. */
  async pass<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}
