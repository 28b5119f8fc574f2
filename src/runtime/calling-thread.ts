import { setImmediate } from 'node:timers';

// The function is saved when the module loads, so fake timers in a test cannot stop verification.
const afterThisTurn = setImmediate;

/**
 * Decides whether a short task runs on the calling thread or in the thread pool. The calling thread is faster, but a task on
 * this thread blocks the event loop. So the number of tasks per iteration of the event loop is limited. The first task above
 * the limit waits for the next iteration. All further tasks of the same iteration run in the pool. Tasks that arrive one by
 * one never use the pool.
 */
export class CallingThread {
  readonly #limit: number;
  #pieces = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Counts one task. Resolves to true if the task may run on the calling thread, and to false if the task must run in the
   * pool.
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
