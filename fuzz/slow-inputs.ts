/** An input is slow if it takes more than 20 times as long as a genuine input. */
const SLOW = 20;
/** Milliseconds. An input that takes less time is never slow, because such a short time depends mostly on the machine. */
const LEAST = 1;
/** How often an input that seems slow is repeated, because a busy machine can be slow for a moment. */
const TRIES = 10;
/** How often each genuine input is measured. */
const WARMING_UP = 20;

/** Runs inputs. Throws if an input takes much longer than the slowest genuine input. Genuine inputs are measured first. */
export class SlowInputs {
  /** The longest time of a genuine input, in milliseconds. */
  readonly genuine: number;
  /** The longest time of a repeated input, in milliseconds. The time of an input is the shortest time of its repetitions. */
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

  /**
   * Runs an input. Returns a promise only if the target returns one or if the input was slow, because waiting for a promise takes
   * as long as a small input.
   */
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
    throw new Error(`the input takes ${least.toFixed(2)} ms; a genuine input takes ${this.genuine.toFixed(3)} ms`);
  }
}

/**
 * Measures an input several times and returns the shortest time, in milliseconds. If the processor time is shorter than the
 * elapsed time, the processor time counts, because an input may have to wait on a busy machine.
 */
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
