import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { Coverage } from './coverage.js';
import { CurrentInput } from './current-input.js';
import { mutate } from './mutations.js';
import { Random } from './random.js';
import { SlowInputs } from './slow-inputs.js';
import { createTargets, PLANTED, type Target } from './targets.js';

/** The data that the main thread passes to a worker. */
export interface Task {
  target: string;
  seed: number;
  /** The worker stops after this number of executions, or after `seconds`, whichever comes first. */
  executions: number;
  seconds: number;
  currentInput: SharedArrayBuffer;
}

/** The result of a worker. */
export interface Report {
  executions: number;
  corpus: number;
  /** The number of characters of code that have run: after the first inputs of the corpus, and at the end. */
  covered: readonly [start: number, end: number];
  /** The growth of the heap from the middle of the run to its end, in bytes. */
  growth: number;
  /** The longest time of a repeated input, in milliseconds. 0 if no input was repeated because it was slow. */
  slowest: number;
  /** The longest time of a genuine input, in milliseconds. */
  genuine: number;
  finding?: { input: Uint8Array; error: string };
}

/**
 * The number of inputs between two checks of the coverage. A check takes as long as thousands of inputs, so the number
 * doubles after each batch without new code.
 */
const BATCH = { first: 512, last: 32_768 } as const;
/** A batch that ran new code is repeated in pieces with this number of inputs. */
const PIECE = 256;

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

async function fuzz(target: Target, task: Task): Promise<Report> {
  const current = new CurrentInput(task.currentInput);
  const coverage = new Coverage();
  const corpus = [...target.corpus];
  let random = new Random(task.seed);
  let executions = 0;
  let finding: Report['finding'];

  const slowInputs = await SlowInputs.measure((input) => target.run(input), target.corpus);

  const note = (input: Uint8Array, error: unknown): void => {
    finding ??= { input: input.slice(), error: error instanceof Error ? error.message : String(error) };
  };

  /**
   * Runs an input. Returns a promise only if the target returns one or if the input was slow, because waiting for a promise takes
   * as long as a small input.
   */
  const execute = (input: Uint8Array): Promise<void> | undefined => {
    current.set(input);
    executions += 1;
    try {
      return slowInputs.run(input)?.catch((error: unknown) => note(input, error));
    } catch (error) {
      note(input, error);
      return undefined;
    }
  };

  /**
   * Creates the next input. Half of the mutations start from one of the latest inputs in the corpus, because these are most
   * likely to reach new code.
   */
  const next = (): Uint8Array => {
    if (target.generate && random.below(8) !== 0) return target.generate(random);
    const isLate = random.below(2) === 0;
    const parent = isLate ? corpus[Math.max(0, corpus.length - 1 - random.below(8))] : random.pick(corpus);
    return mutate(parent ?? random.pick(corpus), random.pick(corpus), random, target.maxLength);
  };

  /** Finds the inputs of a batch that run new code, and adds them to the corpus. Halves the batch recursively to find them. */
  const keepWhatRanNewCode = async (batch: readonly Uint8Array[]): Promise<void> => {
    const middle = Math.ceil(batch.length / 2);
    for (const half of [batch.slice(0, middle), batch.slice(middle)]) {
      for (const input of half) await execute(input);
      if (half.length > 1 && coverage.hasNew()) await keepWhatRanNewCode(half);
      else if (half.length === 1 && coverage.add()) corpus.push(...half.map((input) => input.slice()));
    }
  };

  /** Generates the inputs of a batch a second time, because they were not stored. Finds the inputs that run new code. */
  const repeatBatch = async (state: number, length: number): Promise<void> => {
    const repeated: Uint8Array[][] = [];
    const after = random.state;
    random = new Random(state);
    for (let count = 0; count < length; count += PIECE) {
      const piece = Array.from({ length: Math.min(PIECE, length - count) }, next);
      for (const input of piece) await execute(input);
      if (coverage.hasNew()) repeated.push(piece);
    }
    random = new Random(after);
    for (const piece of repeated) await keepWhatRanNewCode(piece);
  };

  for (const input of corpus) await execute(input);
  coverage.add();
  const start = coverage.size();

  const startedAt = Date.now();
  const progress = (): number => {
    return Math.max(executions / task.executions, (Date.now() - startedAt) / 1000 / task.seconds);
  };
  let heapInTheMiddle: number | undefined;
  let batch: number = BATCH.first;
  while (!finding && progress() < 1) {
    const { state } = random;
    let length = 0;
    for (; length < batch && !finding && (length % PIECE !== 0 || progress() < 1); length += 1) {
      const running = execute(next());
      if (running) await running;
    }
    if (coverage.hasNew()) {
      await repeatBatch(state, length);
      batch = BATCH.first;
    } else batch = Math.min(batch * 2, BATCH.last);
    if (progress() > 0.5) heapInTheMiddle ??= heapUsed();
  }
  const growth = heapInTheMiddle === undefined ? 0 : heapUsed() - heapInTheMiddle;
  return {
    executions,
    corpus: corpus.length,
    covered: [start, coverage.size()],
    growth,
    slowest: slowInputs.slowest,
    genuine: slowInputs.genuine,
    ...(finding && { finding }),
  };
}

/** Runs the input of a finding again, to get the error with its stack. */
async function errorOf(target: Target, { input, error }: NonNullable<Report['finding']>): Promise<string> {
  Error.stackTraceLimit = 50;
  try {
    await target.run(input);
    return error;
  } catch (thrown) {
    return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  }
}

const task: Task = workerData;
const target = [...(await createTargets()), PLANTED].find(({ name }) => name === task.target);
if (!target) throw new Error(`no target is named ${task.target}`);
// Creating the stack of an error takes as long as rejecting an input.
Error.stackTraceLimit = 0;
const report = await fuzz(target, task);
if (report.finding) report.finding.error = await errorOf(target, report.finding);
parentPort?.postMessage(report);
