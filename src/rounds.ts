import { setImmediate } from 'node:timers';

// Taken when the module loads: the fake timers of somebody's tests must not stop verification.
const afterThisTurn = setImmediate;

/**
 * Does pieces of work in rounds: as many at a time as there are processors, the last of them on the calling thread and
 * the others in the thread pool. When all of a round are done, the next one has those that have waited longest.
 *
 * So the calling thread and the pool work side by side. With more at a time, the threads of the pool would take the
 * processor away from the calling thread and all that it serves; without rounds, the calling thread would begin a piece
 * just before the pool is done with one, and leave it without work. Whoever waits holds neither the event loop, which
 * comes round between two pieces on the calling thread, nor a thread of the pool, which file system and DNS need too.
 */
export class Rounds {
  readonly #width: number;
  readonly #waiting: ((isLast: boolean) => void)[] = [];
  /** How many of this round are not done yet. */
  #left = 0;
  /** Whether the calling thread has begun a piece in this turn of the event loop. */
  #isTurnTaken = false;

  /** @param width how many in a round; with 0 nothing waits, and everything is for the pool */
  constructor(width: number) {
    this.#width = width;
  }

  /**
   * Does the work: on the calling thread and at once where it comes alone, and otherwise when it is its turn.
   *
   * @param work is told whether it is the last of its round, the one for the calling thread
   */
  async pass<Result>(work: (isLast: boolean) => Promise<Result>): Promise<Result> {
    if (this.#width === 0) return work(false);
    const isLast = await new Promise<boolean>((start) => {
      this.#waiting.push(start);
      this.#startRound();
    });
    try {
      return await work(isLast);
    } finally {
      this.#left -= 1;
      this.#startRound();
    }
  }

  /** Unless the round before is not done yet, or the calling thread has no time. */
  #startRound(): void {
    if (this.#left > 0 || this.#isTurnTaken) return;
    const round = this.#waiting.splice(0, this.#width);
    const last = round.pop();
    if (!last) return;
    this.#left = round.length + 1;
    for (const start of round) start(false);
    // The pool has its work before the calling thread is busy.
    if (round.length > 0) afterThisTurn(() => this.#startLast(last));
    else this.#startLast(last);
  }

  #startLast(last: (isLast: boolean) => void): void {
    this.#isTurnTaken = true;
    afterThisTurn(() => {
      this.#isTurnTaken = false;
      this.#startRound();
    });
    last(true);
  }
}
