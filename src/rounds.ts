import { afterThisTurn } from './after-this-turn.js';

/** One piece of work: done at once, by the calling thread, or handed to the thread pool. */
type Work<Result> = (isHere: boolean) => Result | Promise<Result>;

/**
 * Does pieces of work in rounds: as many at a time as there are processors, all of them in the thread pool but the last
 * one, which the calling thread does. When all of a round are done, the next one has those that have waited longest.
 *
 * So the pool and the calling thread work side by side. With more at a time, the threads of the pool would take its
 * processor from the calling thread and all that it serves; without rounds, the calling thread would begin a piece just
 * before the pool is done with one, and leave it without work. Whoever waits holds no thread of the pool, which file
 * system and DNS need too, and the event loop comes round before each piece that the calling thread does.
 */
export class Rounds {
  readonly #width: number;
  readonly #waiting: ((isHere: boolean) => void)[] = [];
  /** From the moment that a round is about to begin until nobody waits for another. */
  #isBusy = false;
  /** How many of this round are not done yet. */
  #left = 0;

  /** @param width how many in a round; below 2 nothing waits, and all is for the pool */
  constructor(width: number) {
    this.#width = width;
  }

  /** Does the work in the next round that has a place. */
  async pass<Result>(work: Work<Result>): Promise<Result> {
    if (this.#width < 2) return work(false);
    const isHere = await new Promise<boolean>((start) => {
      this.#waiting.push(start);
      if (!this.#isBusy) this.#next();
    });
    try {
      return await work(isHere);
    } finally {
      this.#left -= 1;
      if (this.#left === 0) this.#next();
    }
  }

  #next(): void {
    this.#isBusy = this.#waiting.length > 0;
    if (this.#isBusy) afterThisTurn(() => this.#start());
  }

  /** The pool first: it works while the calling thread does. */
  #start(): void {
    const round = this.#waiting.splice(0, this.#width);
    this.#left = round.length;
    for (const [index, start] of round.entries()) start(index === round.length - 1);
  }
}
