import { clearTimeout, setImmediate, setTimeout } from 'node:timers';
import { AppAttestError } from '../errors.js';

// The timers are imported by name, so fake timers in a test cannot stop verification.

/** Limits of a {@link Turnstile}. */
export interface TurnstileLimits {
  /** The maximum number of tasks that run at the same time. */
  readonly width: number;
  /** The maximum number of waiting tasks. Any further task is rejected immediately. */
  readonly waiting: number;
  /** The maximum time that a task waits, in seconds. */
  readonly patience: number;
}

/** The value of `retryAfter`, in seconds. In this time, thousands of waiting assertions are verified. */
const RETRY_AFTER = 1;

/**
 * Runs a limited number of tasks at the same time. Other tasks wait and start in their order of arrival. Waiting tasks block
 * neither the event loop nor the threads of the pool, which the file system and DNS also need. The number of waiting tasks is
 * limited.
 */
export class Turnstile {
  readonly #limits: TurnstileLimits;
  /** Functions that start the waiting tasks, in the order of arrival. */
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
   * Runs a task immediately, or after the tasks that arrived earlier.
   *
   * @throws AppAttestError `overloaded` if too many tasks are waiting, or if this task waited too long. The task was not
   *   started
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
      // Each waiting task starts in a later iteration of the event loop. Otherwise tasks that fail before their first await
      // would run one after the other, and block the event loop.
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
