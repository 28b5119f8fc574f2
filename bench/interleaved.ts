/** A function to measure. */
export interface Candidate {
  readonly name: string;
  readonly run: () => unknown;
}

/** The times of a candidate: for each round, the time per call in microseconds. */
export interface Measured {
  readonly name: string;
  readonly rounds: readonly number[];
}

/** Waits for the next iteration of the event loop, so that the time of a candidate includes work such as freeing keys. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * The limits of the warm-up, in which V8 compiles frequently used functions. The warm-up ends when the first of the limits is
 * reached.
 */
const WARM_UP = { calls: 20_000, milliseconds: 2_000 };

/**
 * Measures the candidates in rounds. Each round makes a few calls of each candidate, so other work on the machine slows all
 * candidates equally. Each candidate is warmed up first.
 */
export async function interleaved(
  candidates: readonly Candidate[],
  rounds: number,
  calls: number,
): Promise<Measured[]> {
  for (const { run } of candidates) await warmUp(run);
  const results = candidates.map(({ name }) => ({ name, rounds: [] as number[] }));
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, { run }] of candidates.entries()) {
      // These calls are not measured. They replace the data of the previous candidate in the caches of the processor.
      for (let call = 0; call < calls / 4; call += 1) await run();
      await nextTurn();
      const start = performance.now();
      for (let call = 0; call < calls; call += 1) await run();
      await nextTurn();
      results[index]?.rounds.push(((performance.now() - start) * 1000) / calls);
    }
  }
  return results;
}

async function warmUp(run: Candidate['run']): Promise<void> {
  const end = performance.now() + WARM_UP.milliseconds;
  for (let call = 0; call < WARM_UP.calls && performance.now() < end; call += 1) await run();
}

/** Returns a quantile: the fraction `share` of the numbers is lower. For example, the share 0.5 returns the median. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const median = (numbers: readonly number[]): number => quantile(numbers, 0.5);

/** Divides the time of `one` by the time of `other` in each round, and returns the median of the results. */
export function ratio(one: Measured, other: Measured): number {
  return median(one.rounds.map((time, round) => time / (other.rounds[round] ?? Number.NaN)));
}

export function find(measured: readonly Measured[], name: string): Measured {
  const found = measured.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`no candidate named ${name} was measured`);
  return found;
}

/** Formats the median and the middle half of the times: `65.1 µs (64.8–66.0)`. */
export function spread({ rounds }: Measured): string {
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantile(rounds, share).toFixed(1));
  return `${middle} µs (${low}–${high})`;
}

/** Formats a table in Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
