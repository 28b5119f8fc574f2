import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { Coverage } from './coverage.js';
import { CurrentInput } from './current-input.js';
import { mutate } from './mutations.js';
import { Random } from './random.js';
import { SlowInputs } from './slow-inputs.js';
import { createTargets, PLANTED, type Target } from './targets.js';

/** What the worker is told. */
export interface Task {
  target: string;
  seed: number;
  /** When to stop: after so many executions or so many seconds, whichever comes first. */
  executions: number;
  seconds: number;
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
  /** The slowest input and a genuine one, in milliseconds. */
  slowest: number;
  genuine: number;
  finding?: { input: Uint8Array; error: string };
}

/** Inputs between two looks at the coverage, which cost as much as thousands of them: more, the longer nothing is new. */
const BATCH = { first: 512, last: 32_768 } as const;
/** A batch that ran something new runs again in pieces of so many inputs. */
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

  /** At once where the target does: a promise takes as long as a small input. */
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

  /** Every other time a change of one of the latest, which are nearest to what never ran. */
  const next = (): Uint8Array => {
    if (target.generate && random.below(8) !== 0) return target.generate(random);
    const isLate = random.below(2) === 0;
    const parent = isLate ? corpus[Math.max(0, corpus.length - 1 - random.below(8))] : random.pick(corpus);
    return mutate(parent ?? random.pick(corpus), random.pick(corpus), random, target.maxLength);
  };

  /** Something in the batch ran new code. Runs it again, half by half, to find and keep the inputs that did. */
  const keepWhatRanNewCode = async (batch: readonly Uint8Array[]): Promise<void> => {
    const middle = Math.ceil(batch.length / 2);
    for (const half of [batch.slice(0, middle), batch.slice(middle)]) {
      for (const input of half) await execute(input);
      if (half.length > 1 && coverage.hasNew()) await keepWhatRanNewCode(half);
      else if (half.length === 1 && coverage.add()) corpus.push(...half.map((input) => input.slice()));
    }
  };

  /** Makes the inputs of a batch anew, which nobody has kept. */
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

/** What was thrown says more with a stack. */
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
if (!target) throw new Error(`no target ${task.target}`);
// A stack for each refusal takes as long as the refusal.
Error.stackTraceLimit = 0;
const report = await fuzz(target, task);
if (report.finding) report.finding.error = await errorOf(target, report.finding);
parentPort?.postMessage(report);
