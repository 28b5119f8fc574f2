import { AppAttestError } from '../errors.js';

/**
 * Memory for request bodies, shared by all requests of a set of handlers. It limits how much memory any number of slow
 * connections can use.
 */
export class BodyBudget {
  readonly #limit: number;
  #used = 0;

  /** @param limit Bytes */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Opens the share of one request. It starts empty. */
  open(): BodyShare {
    let held = 0;
    return {
      take: (bytes) => {
        if (this.#used + bytes > this.#limit) throw exhausted(this.#limit);
        this.#used += bytes;
        held += bytes;
      },
      release: () => {
        this.#used -= held;
        held = 0;
      },
    };
  }
}

/** The part of a {@link BodyBudget} that one request uses. */
export interface BodyShare {
  /** @throws AppAttestError `overloaded`: all bodies together would be longer than the budget */
  take(bytes: number): void;
  /** Returns everything to the budget. */
  release(): void;
}

/** Seconds: bodies that arrive free their memory soon. */
const RETRY_AFTER = 1;

function exhausted(limit: number): AppAttestError {
  const message = `the bodies of requests in progress exceed the bodyBudget of ${limit} bytes`;
  return new AppAttestError('overloaded', message, { retryAfter: RETRY_AFTER });
}
