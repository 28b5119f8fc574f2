/** How many times the time of a genuine input another may take. */
const SLOW = 20;
/** The least number of milliseconds that counts as slow: below, it is the machine that is measured. */
const LEAST = 1;
/** So many times is an input tried again before it is called slow: a busy machine is slow for a moment. */
const TRIES = 10;
const WARMING_UP = 20;

/** Runs inputs, and throws for one that takes much longer than genuine ones did at the beginning of the run. */
export class SlowInputs {
  /** The longest that a genuine input takes, in milliseconds. */
  readonly genuine: number;
  /** The longest that any input took at its best. */
  slowest = 0;
  readonly #run: (input: Uint8Array) => unknown;
  readonly #limit: number;

  static async measure(run: (input: Uint8Array) => unknown, genuine: readonly Uint8Array[]): Promise<SlowInputs> {
    let longest = 0;
    for (const input of genuine) longest = Math.max(longest, await leastTime(run, input, WARMING_UP));
    return new SlowInputs(run, longest);
  }

  private constructor(run: (input: Uint8Array) => unknown, genuine: number) {
    this.#run = run;
    this.genuine = genuine;
    this.#limit = Math.max(SLOW * genuine, LEAST);
  }

  /** Runs an input: at once where its target does. */
  run(input: Uint8Array): Promise<void> | undefined {
    const startedAt = performance.now();
    const running = this.#run(input);
    if (running instanceof Promise) return running.then(() => this.#judge(input, performance.now() - startedAt));
    const taken = performance.now() - startedAt;
    return taken > this.#limit ? this.#judge(input, taken) : undefined;
  }

  async #judge(input: Uint8Array, taken: number): Promise<void> {
    if (taken <= this.#limit) return;
    const least = await leastTime(this.#run, input, TRIES);
    this.slowest = Math.max(this.slowest, least);
    if (least <= this.#limit) return;
    throw new Error(`takes ${least.toFixed(2)} ms, and a genuine one ${this.genuine.toFixed(3)} ms`);
  }
}

/** In processor time, if that is less: a busy machine lets an input wait, but does not make it cost more. */
async function leastTime(run: (input: Uint8Array) => unknown, input: Uint8Array, times: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let count = 0; count < times; count += 1) {
    const startedAt = performance.now();
    const usage = process.cpuUsage();
    await run(input);
    const { user, system } = process.cpuUsage(usage);
    least = Math.min(least, performance.now() - startedAt, (user + system) / 1000);
  }
  return least;
}
