import { BodyBudget } from './body-budget.js';
import type { Route } from './decision.js';
import type { BodyShares } from './signed-request.js';

/**
 * Four budgets: one for challenges, one for registrations, and two for protected requests. A client that fills one budget with
 * endless bodies must not block requests that use another budget.
 */
export class BodyBudgets {
  readonly #unverified: Readonly<Record<Route, BodyBudget>>;
  readonly #verified: BodyBudget;

  /** @param limit Bytes, for all budgets together */
  constructor(limit: number) {
    const budget = (): BodyBudget => new BodyBudget(limit / 4);
    this.#unverified = { challenge: budget(), registration: budget(), protected: budget() };
    this.#verified = budget();
  }

  /** Opens the shares of one request. They must be released afterwards. */
  open(route: Route): BodyShares {
    return { unverified: this.#unverified[route].open(), verified: this.#verified.open() };
  }

  /** Returns all memory of a request to the budgets. */
  release({ unverified, verified }: BodyShares): void {
    unverified.release();
    verified.release();
  }
}
