import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { Coverage } from './coverage.js';
import { CurrentInput } from './current-input.js';
import { mutate } from './mutations.js';
import { Random } from './random.js';
import { createTargets, PLANTED, type Target } from './targets.js';

/** What the worker is told. */
export interface Task {
  target: string;
  seconds: number;
  seed: number;
  currentInput: SharedArrayBuffer;
}

/** What came out. */
export interface Report {
  executions: number;
  corpus: number;
  /** Characters of code that ran: at the start, from the recordings alone, and at the end. */
  covered: readonly [start: number, end: number];
  /** Of the heap, in bytes, from the middle of the run to its end. */
  growth: number;
  finding?: { input: Uint8Array; error: string };
}

/** Milliseconds between two looks at the coverage, which cost about as much. */
const BATCH = 100;
/** Milliseconds that no input may take, unless it takes less when it comes again: then the machine was slow. */
const SLOW = 1000;

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

async function fuzz(target: Target, { seconds, seed, currentInput }: Task): Promise<Report> {
  const random = new Random(seed);
  const current = new CurrentInput(currentInput);
  const coverage = new Coverage();
  const corpus = [...target.corpus];
  let executions = 0;
  let finding: Report['finding'];

  const isSlow = async (input: Uint8Array): Promise<boolean> => {
    const startedAt = performance.now();
    await target.run(input);
    return performance.now() - startedAt > SLOW;
  };

  const execute = async (input: Uint8Array): Promise<void> => {
    current.set(input);
    executions += 1;
    try {
      if ((await isSlow(input)) && (await isSlow(input)) && (await isSlow(input))) {
        throw new Error(`took more than ${SLOW} ms, three times`);
      }
    } catch (error) {
      finding ??= { input, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
  };

  /** Every other time one of the latest, which are nearest to what never ran. */
  const parent = (): Uint8Array => random.pick(random.below(2) === 0 ? corpus : corpus.slice(-8));

  /** Something in the batch ran new code. Runs it again, half by half, to find and keep the inputs that did. */
  const keepWhatRanNewCode = async (batch: readonly Uint8Array[]): Promise<void> => {
    const middle = Math.ceil(batch.length / 2);
    for (const half of [batch.slice(0, middle), batch.slice(middle)]) {
      for (const input of half) await execute(input);
      if (half.length > 1 && coverage.hasNew()) await keepWhatRanNewCode(half);
      else if (half.length === 1 && coverage.add()) corpus.push(...half);
    }
  };

  for (const input of corpus) await execute(input);
  coverage.add();
  const start = coverage.size();

  const startedAt = Date.now();
  const elapsed = (): number => (Date.now() - startedAt) / 1000;
  let heapInTheMiddle: number | undefined;
  while (!finding && elapsed() < seconds) {
    const batch: Uint8Array[] = [];
    for (const until = performance.now() + BATCH; performance.now() < until; ) {
      const input = mutate(parent(), random.pick(corpus), random, target.maxLength);
      batch.push(input);
      await execute(input);
    }
    if (coverage.hasNew()) await keepWhatRanNewCode(batch);
    if (elapsed() > seconds / 2) heapInTheMiddle ??= heapUsed();
  }
  const growth = heapInTheMiddle === undefined ? 0 : heapUsed() - heapInTheMiddle;
  return { executions, corpus: corpus.length, covered: [start, coverage.size()], growth, ...(finding && { finding }) };
}

const task: Task = workerData;
const target = [...(await createTargets()), PLANTED].find(({ name }) => name === task.target);
if (!target) throw new Error(`no target ${task.target}`);
parentPort?.postMessage(await fuzz(target, task));
