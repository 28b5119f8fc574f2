import { AppAttestError } from '../errors.js';

/** Memory for bodies, shared by all requests of a set of handlers, so that no number of slow connections can exhaust it. */
export class BodyBudget {
  readonly #limit: number;
  #used = 0;

  /** @param limit Bytes */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The share of one request, empty at first. */
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

/** What one request holds of a {@link BodyBudget}. */
export interface BodyShare {
  /** @throws AppAttestError `overloaded`: all bodies together would be longer than the budget */
  take(bytes: number): void;
  /** Gives everything back. */
  release(): void;
}

/** Seconds: bodies that arrive free their memory soon. */
const RETRY_AFTER = 1;

function exhausted(limit: number): AppAttestError {
  const message = `the bodies of requests in progress exceed the bodyBudget of ${limit} bytes`;
  return new AppAttestError('overloaded', message, { retryAfter: RETRY_AFTER });
}
