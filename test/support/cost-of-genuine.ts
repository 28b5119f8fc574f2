import { costOf } from './cost.js';

/** The maximum cost of processing evidence, as a multiple of the cost of processing genuine evidence. */
const MOST = 10;

/**
 * Compares the cost of processing evidence with the cost of processing genuine evidence in the same run. The cost is processor
 * time, which does not depend on how busy the machine is. A cost that is too high is measured again.
 */
export class CostOfGenuine {
  readonly #limit: number;

  static async measure(attempt: () => Promise<unknown>): Promise<CostOfGenuine> {
    for (let run = 0; run < 50; run += 1) await attempt();
    return new CostOfGenuine((await costOf(attempt, 50)).milliseconds);
  }

  private constructor(genuine: number) {
    this.#limit = MOST * genuine;
  }

  /** Returns a message if the attempt costs too much, and otherwise `undefined`. */
  async excess(attempt: () => Promise<unknown>): Promise<string | undefined> {
    const start = process.cpuUsage();
    await attempt();
    const { user, system } = process.cpuUsage(start);
    if ((user + system) / 1000 <= this.#limit) return undefined;
    let least = Number.POSITIVE_INFINITY;
    for (let again = 0; again < 5 && least > this.#limit; again += 1) {
      least = Math.min(least, (await costOf(attempt)).milliseconds);
    }
    return least <= this.#limit
      ? undefined
      : `${least.toFixed(2)} ms, but at most ${this.#limit.toFixed(2)} ms are allowed`;
  }
}
