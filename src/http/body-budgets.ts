import { BodyBudget, BodyShare } from './body-budget.js';
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

  /** Calls a function with memory for the body of one request. Releases the memory afterwards. */
  async lend<Result>(route: Route, use: (shares: BodyShares) => Promise<Result>): Promise<Result> {
    const shares = { unverified: new BodyShare(this.#unverified[route]), verified: new BodyShare(this.#verified) };
    try {
      return await use(shares);
    } finally {
      shares.unverified.release();
      shares.verified.release();
    }
  }
}
