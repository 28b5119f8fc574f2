import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { CurrentInput } from './current-input.js';
import { createTargets, PLANTED, type Target } from './targets.js';
import type { Report, Task } from './worker.js';

/*
 * Coverage-guided fuzzing of every decoder and verifier. It starts from the recordings. See docs/fuzzing.md.
 *
 *   npm run fuzz -- [--seconds 10 | --executions 100000000] [--seed 1] [--jobs 2] [--target 'CBOR map'] [--no-properties]
 */

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    executions: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    jobs: { type: 'string', default: '2' },
    target: { type: 'string' },
    properties: { type: 'boolean', default: true },
  },
  allowNegative: true,
});
const seed = Number(values.seed);
const jobs = Number(values.jobs);
const executions = Number(values.executions ?? Number.POSITIVE_INFINITY);
const seconds = Number(values.seconds ?? (values.executions === undefined ? 10 : Number.POSITIVE_INFINITY));

/** The minimum number of executions on receipts, in a run with at least two million executions. */
const RECEIPTS = 1_000_000;
/** A worker hangs if it makes no progress for this time, in milliseconds. */
const HANGS_AFTER = 10_000;
/** The time between two lines about the progress, in milliseconds. */
const PROGRESS_EVERY = 30_000;
/** The maximum growth of the heap in the second half of a run, in bytes. */
const MAX_GROWTH = 16 * 1024 * 1024;
const FINDINGS = new URL('../findings/', import.meta.url);

/** The current inputs of the running workers. Each of them also counts the executions of its worker. */
const running = new Set<CurrentInput>();
let done = 0;
const startedAt = Date.now();

/** Runs one target in a worker. If the worker hangs, it is stopped and its current input is the finding. */
async function fuzz(task: Omit<Task, 'currentInput'>): Promise<Report> {
  const currentInput = CurrentInput.create();
  const current = new CurrentInput(currentInput);
  const workerData: Task = { ...task, currentInput };
  const worker = new Worker(new URL('worker.js', import.meta.url), { workerData });
  running.add(current);
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Report>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', (code) => reject(new Error(`the worker of ${task.target} ended with code ${code}`)));
      let count = -1;
      timer = setInterval(() => {
        const now = current.count();
        if (now === count && now > 0) resolve(hanging(current));
        count = now;
      }, HANGS_AFTER);
    });
  } finally {
    clearInterval(timer);
    running.delete(current);
    await worker.terminate();
  }
}

function hanging(current: CurrentInput): Report {
  const finding = { input: current.get(), error: `no progress for ${HANGS_AFTER} ms` };
  return { executions: current.count(), corpus: 0, covered: [0, 0], growth: 0, slowest: 0, genuine: 0, finding };
}

/** Prints the progress of the run in one line. */
function printProgress(): void {
  const count = done + [...running].reduce((sum, current) => sum + current.count(), 0);
  const elapsed = (Date.now() - startedAt) / 1000;
  const figures = [`${count} executions`, `${Math.round(count / elapsed)} per second`, `${failed} findings`];
  console.log(`[${elapsed.toFixed(0)} s] ${figures.join(', ')}`);
}

/** Prints a finding and saves its input to a file. Returns whether there was no finding. */
function judge(target: string, part: number, report: Report): boolean {
  const { growth, finding } = report;
  if (finding) {
    mkdirSync(FINDINGS, { recursive: true });
    const file = new URL(`${target.replaceAll(/\W+/g, '-')}-${seed + part}.bin`, FINDINGS);
    writeFileSync(file, finding.input);
    console.log(`FINDING in ${target}: ${finding.error}\n  input saved in ${file.pathname}`);
  }
  if (growth > MAX_GROWTH) console.log(`FINDING in ${target}: the heap grew by ${growth} bytes`);
  return !finding && growth <= MAX_GROWTH;
}

/** Divides the executions among the targets by their shares. Receipts get at least their minimum. */
function planned(targets: readonly Target[]): Map<Target, number> {
  const shares = (some: readonly Target[]): number => some.reduce((total, { share }) => total + share, 0);
  const receipts = targets.filter(({ readsReceipts }) => readsReceipts);
  const others = targets.filter((target) => !receipts.includes(target));
  const least = others.length > 0 && receipts.length > 0 ? Math.min(RECEIPTS, executions / 2) : 0;
  const forReceipts = Math.max((executions * shares(receipts)) / shares(targets), least);
  const quotas = (some: readonly Target[], all: number): [Target, number][] => {
    return some.map((target) => [target, Math.ceil((all * target.share) / shares(some))]);
  };
  return new Map([...quotas(others, executions - forReceipts), ...quotas(receipts, forReceipts)]);
}

const PROPERTY_TESTS = [
  'test/properties',
  'test/explain/same-outcome',
  'test/explain/bytes',
  'test/inspector/node-modules',
];

/** Runs the property tests with the seed of this run. `npm test` uses the seeds in test/properties/seeds.ts instead. */
function runProperties(): boolean {
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', ...PROPERTY_TESTS];
  const { status } = spawnSync(process.execPath, vitest, {
    cwd: new URL('../..', import.meta.url),
    env: { ...process.env, PROPERTY_SEED: String(seed) },
    stdio: 'inherit',
  });
  if (status === 0) return true;
  console.log(`FINDING: a property test failed; add seed ${seed} to test/properties/seeds.ts`);
  return false;
}

let failed = 0;
if (values.target === undefined && values.properties && !runProperties()) failed += 1;

const all = [...(await createTargets()), PLANTED];
const chosen = all.filter((target) => {
  return values.target === undefined ? target !== PLANTED : target.name === values.target;
});
if (chosen.length === 0) throw new Error(`no target is named ${values.target}`);
const how = Number.isFinite(executions) ? `${executions} executions` : `${seconds} s for each target`;
console.log(`${chosen.length} targets, ${how}, seed ${seed}, ${jobs} jobs in parallel`);

// With `--executions`, each target has as many parts as there are jobs, and each part has its own seed. Otherwise, each target
// has one part.
const parts = Number.isFinite(executions) ? jobs : 1;
const plan = Number.isFinite(executions) ? planned(chosen) : new Map(chosen.map((target) => [target, executions]));
const queue = [...plan].flatMap(([target, quota]) => {
  return Array.from({ length: parts }, (_, part) => ({ target, part, executions: Math.ceil(quota / parts) }));
});
const reports = new Map<Target, Report[]>();

async function work(): Promise<void> {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { target, part, executions: quota } = next;
    const report = await fuzz({ target: target.name, seed: seed + part, executions: quota, seconds });
    done += report.executions;
    reports.set(target, [...(reports.get(target) ?? []), report]);
    if (!judge(target.name, part, report)) failed += 1;
  }
}
const progress = setInterval(printProgress, PROGRESS_EVERY);
await Promise.all(Array.from({ length: jobs }, work));
clearInterval(progress);

let receipts = 0;
console.log(
  '\n| target | executions | corpus | covered | genuine | slowest |\n| --- | ---: | ---: | ---: | ---: | ---: |',
);
for (const [target, some] of reports) {
  const total = some.reduce((sum, report) => sum + report.executions, 0);
  if (target.readsReceipts) receipts += total;
  const most = (of: (report: Report) => number) => Math.max(...some.map(of));
  const covered = `${most(({ covered: [start] }) => start)} → ${most(({ covered: [, end] }) => end)}`;
  const times = [most(({ genuine }) => genuine), most(({ slowest }) => slowest)].map((time) => `${time.toFixed(3)} ms`);
  console.log(`| ${[target.name, total, most(({ corpus }) => corpus), covered, ...times].join(' | ')} |`);
}
printProgress();
console.log(`${done} executions, ${receipts} of them on receipts, ${failed} findings`);
process.exitCode = failed === 0 ? 0 : 1;
