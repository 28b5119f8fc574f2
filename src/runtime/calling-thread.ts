import { setImmediate } from 'node:timers';

// Taken when the module loads: the fake timers of somebody's tests must not stop verification.
const afterThisTurn = setImmediate;

/**
 * Decides where short pieces of work are done: on the calling thread, which is cheapest, or in the thread pool. The
 * calling thread does so many in one turn of the event loop. The next one waits for the turn after it, so that work that
 * comes piece by piece never needs the pool; what comes on top in the same turn goes there.
 */
export class CallingThread {
  readonly #limit: number;
  #pieces = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Counts one more piece of work, at the call. Resolves to true when the piece may be done here, to false when it is one
   * for the pool.
   */
  async hasTime(): Promise<boolean> {
    if (this.#pieces === 0) afterThisTurn(() => this.#startTurn());
    this.#pieces += 1;
    if (this.#pieces <= this.#limit) return true;
    if (this.#pieces > this.#limit + 1) return false;
    return new Promise((resolve) => {
      afterThisTurn(() => {
        this.#startTurn();
        resolve(this.hasTime());
      });
    });
  }

  #startTurn(): void {
    this.#pieces = 0;
  }
}
