import { setImmediate } from 'node:timers';

// Read when the module loads: fake timers in a test must not stop verification.
const afterThisTurn = setImmediate;

/**
 * Decides where short tasks run: on the calling thread, which is cheapest, or in the thread pool. The calling thread runs a
 * limited number per turn of the event loop. The next task waits for the following turn, so tasks that arrive one by one
 * never need the pool. All further tasks of the same turn go to the pool.
 */
export class CallingThread {
  readonly #limit: number;
  #pieces = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Counts one more task when called. Resolves to true when the task may run on the calling thread, or to false if it
   * belongs in the pool.
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
