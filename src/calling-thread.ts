import { setImmediate } from 'node:timers';

/**
 * Says whether the calling thread does a short piece of work itself, which is cheapest, or leaves it to the thread pool:
 * so many pieces in one turn of the event loop, then no more until it has come round.
 */
export class CallingThread {
  readonly #limit: number;
  #pieces = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Counts one more piece of work; true while it may be done here. */
  hasTime(): boolean {
    if (this.#pieces === 0) setImmediate(() => this.#startTurn());
    this.#pieces += 1;
    return this.#pieces <= this.#limit;
  }

  #startTurn(): void {
    this.#pieces = 0;
  }
}
