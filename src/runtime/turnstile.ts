import { clearTimeout, setImmediate, setTimeout } from 'node:timers';
import { AppAttestError } from '../errors.js';

// Imported by name: the fake timers of somebody's tests must not stop verification.

/** What a {@link Turnstile} lets through, and what it keeps waiting. */
export interface TurnstileLimits {
  /** How many are let through at once. */
  readonly width: number;
  /** How many wait at most; one more is rejected at once. */
  readonly waiting: number;
  /** How long one waits at most, in seconds. */
  readonly patience: number;
}

/** Seconds: the line moves on by thousands in that time. */
const RETRY_AFTER = 1;

/**
 * Lets a few through at a time and the others in the order in which they came. Those that wait hold neither a thread of
 * the pool, which file system and DNS need too, nor the event loop, and what they hold of memory is bounded.
 */
export class Turnstile {
  readonly #limits: TurnstileLimits;
  /** In the order of arrival. */
  readonly #waiting = new Set<() => void>();
  #free: number;

  constructor(limits: TurnstileLimits) {
    this.#limits = limits;
    this.#free = limits.width;
  }

  /** Whether more than one are let through at this moment. */
  get isShared(): boolean {
    return this.#limits.width - this.#free > 1;
  }

  /**
   * Does the work, now or when it is its turn.
   *
   * @throws AppAttestError `overloaded`: too many wait, or the wait was too long; the work was not begun
   */
  async pass<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn();
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  #turn(): Promise<void> {
    const { waiting, patience } = this.#limits;
    if (this.#waiting.size >= waiting) throw overloaded(`${waiting} verifications wait for their turn already`);
    return new Promise((resolve, reject) => {
      // Work that fails before it waits for anything would otherwise hold up the event loop until the line is empty.
      const enter = (): void => {
        clearTimeout(timer);
        setImmediate(resolve);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(enter);
        reject(overloaded(`it was not the turn of this verification within ${patience} seconds`));
      }, patience * 1000);
      this.#waiting.add(enter);
    });
  }

  #leave(): void {
    const [next] = this.#waiting;
    if (next) {
      this.#waiting.delete(next);
      next();
    } else {
      this.#free += 1;
    }
  }
}

function overloaded(message: string): AppAttestError {
  return new AppAttestError('overloaded', message, { retryAfter: RETRY_AFTER });
}
