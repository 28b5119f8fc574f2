import { costOf } from './cost.js';

/** How many times the cost of a genuine object any other may have. */
const MOST = 10;

/**
 * Compares what objects cost with a genuine one that is measured in the same run. In processor time, which a busy
 * machine does not make longer; those that took too long once are measured again.
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

  /** Says what is dearer; `undefined` where the attempt is cheap enough. */
  async excess(attempt: () => Promise<unknown>): Promise<string | undefined> {
    const start = process.cpuUsage();
    await attempt();
    const { user, system } = process.cpuUsage(start);
    if ((user + system) / 1000 <= this.#limit) return undefined;
    let least = Number.POSITIVE_INFINITY;
    for (let again = 0; again < 5 && least > this.#limit; again += 1) {
      least = Math.min(least, (await costOf(attempt)).milliseconds);
    }
    return least <= this.#limit ? undefined : `${least.toFixed(2)} ms, and ${this.#limit.toFixed(2)} ms are allowed`;
  }
}
