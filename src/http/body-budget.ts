import { AppAttestError } from '../errors.js';

/**
 * Limits the memory that request bodies use at the same time. Many requests share one budget, so many slow connections cannot
 * exhaust the memory of the process.
 */
export class BodyBudget {
  readonly #limit: number;
  #used = 0;

  /** @param limit Bytes */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @throws AppAttestError `overloaded`: the bodies of all requests together would exceed the budget */
  take(bytes: number): void {
    if (this.#used + bytes > this.#limit) throw exhausted(this.#limit);
    this.#used += bytes;
  }

  release(bytes: number): void {
    this.#used -= bytes;
  }
}

/** The part of a {@link BodyBudget} that one request uses. */
export class BodyShare {
  readonly #budget: BodyBudget;
  #held = 0;

  constructor(budget: BodyBudget) {
    this.#budget = budget;
  }

  /** @throws AppAttestError `overloaded`: the bodies of all requests together would exceed the budget */
  take(bytes: number): void {
    this.#budget.take(bytes);
    this.#held += bytes;
  }

  /** Returns all memory of this share to the budget. */
  release(): void {
    this.#budget.release(this.#held);
    this.#held = 0;
  }
}

/** Seconds. Requests in progress usually finish soon and release their memory. */
const RETRY_AFTER = 1;

function exhausted(limit: number): AppAttestError {
  const message = `the bodies of requests in progress would exceed ${limit} bytes, their part of bodyBudget`;
  return new AppAttestError('overloaded', message, { retryAfter: RETRY_AFTER });
}
