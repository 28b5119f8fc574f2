import { AppAttestHttpError } from './http-error.js';

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
  /** @throws AppAttestHttpError `unavailable`: all bodies together would be longer than the budget */
  take(bytes: number): void;
  /** Gives everything back. */
  release(): void;
}

function exhausted(limit: number): AppAttestHttpError {
  return new AppAttestHttpError(
    'unavailable',
    `the bodies of requests in progress exceed the bodyBudget of ${limit} bytes`,
  );
}
