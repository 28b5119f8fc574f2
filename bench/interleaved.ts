/** One thing to be measured: one call is one piece of work. */
export interface Candidate {
  readonly name: string;
  readonly run: () => unknown;
}

/** What one candidate took, microseconds a call: one number a round. */
export interface Measured {
  readonly name: string;
  readonly rounds: readonly number[];
}

/** What a candidate leaves for the next turn of the event loop, such as freeing its keys, counts as its own. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What a server has behind it soon: so many calls, or so many milliseconds, until V8 has compiled what runs often. */
const WARM_UP = { calls: 20_000, milliseconds: 2_000 };

/**
 * Measures the candidates in turns, a few calls of each a round, so that whatever else the machine does slows all of them
 * alike. Each is warmed up first.
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
      // What the candidate before has left in the caches of the processor is not to be paid for by this one.
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

/** The value below which that share of the numbers lies. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const median = (numbers: readonly number[]): number => quantile(numbers, 0.5);

/** How many times as long `one` takes as `other`: the median over rounds, each compared with its own neighbour. */
export function ratio(one: Measured, other: Measured): number {
  return median(one.rounds.map((time, round) => time / (other.rounds[round] ?? Number.NaN)));
}

export function find(measured: readonly Measured[], name: string): Measured {
  const found = measured.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`nothing measured as ${name}`);
  return found;
}

/** Median and the middle half: `65.1 µs (64.8–66.0)`. */
export function spread({ rounds }: Measured): string {
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantile(rounds, share).toFixed(1));
  return `${middle} µs (${low}–${high})`;
}

/** A table in Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
