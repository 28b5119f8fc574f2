import { BodyBudget, BodyShare } from './body-budget.js';
import type { BodyShares } from './signed-request.js';

/** The requests whose bodies share a budget. */
export type BodyPart = 'challenge' | 'registration' | 'protected';

/**
 * Four budgets: one for challenges, one for registrations, and two for protected requests. A client that fills one budget with
 * endless bodies must not block requests that use another budget.
 */
export class BodyBudgets {
  readonly #unverified: Readonly<Record<BodyPart, BodyBudget>>;
  readonly #verified: BodyBudget;

  /** @param limit Bytes, for all budgets together */
  constructor(limit: number) {
    const budget = (): BodyBudget => new BodyBudget(limit / 4);
    this.#unverified = { challenge: budget(), registration: budget(), protected: budget() };
    this.#verified = budget();
  }

  /** Calls a function with memory for the body of one request. Releases the memory afterwards. */
  async lend<Result>(part: BodyPart, use: (shares: BodyShares) => Promise<Result>): Promise<Result> {
    const shares = { unverified: new BodyShare(this.#unverified[part]), verified: new BodyShare(this.#verified) };
    try {
      return await use(shares);
    } finally {
      shares.unverified.release();
      shares.verified.release();
    }
  }
}
