import { clearTimeout, setImmediate, setTimeout } from 'node:timers';
import { AppAttestError } from '../errors.js';

// Imported by name: fake timers in a test must not stop verification.

/** Limits of a {@link Turnstile}. */
export interface TurnstileLimits {
  /** The maximum number of tasks that run at the same time. */
  readonly width: number;
  /** The maximum number of waiting tasks; any further task is rejected immediately. */
  readonly waiting: number;
  /** The maximum time that a task waits, in seconds. */
  readonly patience: number;
}

/** Seconds. Thousands of waiting tasks are done in this time. */
const RETRY_AFTER = 1;

/**
 * Runs a limited number of tasks at the same time, and the others in their order of arrival. Waiting tasks occupy neither
 * a thread of the pool, which file system and DNS also need, nor the event loop, and their number is bounded.
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

  /** Whether more than one task is running. */
  get isShared(): boolean {
    return this.#limits.width - this.#free > 1;
  }

  /**
   * Runs a task, now or when it is its turn.
   *
   * @throws AppAttestError `overloaded`: too many tasks are waiting, or this one waited too long; it was not started
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
    if (this.#waiting.size >= waiting) throw overloaded(`${waiting} verifications are already waiting`);
    return new Promise((resolve, reject) => {
      // Tasks that fail before their first await would otherwise block the event loop until none is waiting.
      const enter = (): void => {
        clearTimeout(timer);
        setImmediate(resolve);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(enter);
        reject(overloaded(`the verification waited for more than ${patience} seconds`));
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
