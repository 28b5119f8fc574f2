import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { CurrentInput } from './current-input.js';
import { createTargets } from './targets.js';
import type { Report, Task } from './worker.js';

/*
 * Coverage-guided fuzzing of every decoder and verifier, from the recordings on. See docs/fuzzing.md.
 *
 *   npm run fuzz -- [--seconds 10] [--seed 1] [--jobs 2] [--target 'CBOR map']
 */

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    jobs: { type: 'string', default: '2' },
    target: { type: 'string' },
  },
});
const seconds = Number(values.seconds);
const seed = Number(values.seed);

const HANGS_AFTER = 10_000;
const MAX_GROWTH = 16 * 1024 * 1024;
const FINDINGS = new URL('../findings/', import.meta.url);

/** Runs one target in a worker, which is stopped where it no longer moves. */
async function fuzz(target: string): Promise<Report> {
  const currentInput = CurrentInput.create();
  const current = new CurrentInput(currentInput);
  const task: Task = { target, seconds, seed, currentInput };
  const worker = new Worker(new URL('worker.js', import.meta.url), { workerData: task });
  try {
    return await new Promise<Report>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      watch(current, (input) => {
        const finding = { input, error: `no progress for ${HANGS_AFTER} ms` };
        resolve({ executions: current.count(), corpus: 0, covered: [0, 0], growth: 0, finding });
      }).then(undefined, reject);
    });
  } finally {
    await worker.terminate();
  }
}

/** Calls back, once, where the count of inputs stands still. */
async function watch(current: CurrentInput, hangs: (input: Uint8Array) => void): Promise<void> {
  let count = -1;
  const timer = setInterval(() => {
    const now = current.count();
    if (now === count && now > 0) {
      clearInterval(timer);
      hangs(current.get());
    }
    count = now;
  }, HANGS_AFTER);
  timer.unref();
}

/** Prints what came out and keeps the input of a finding. Returns whether all is well. */
function judge(target: string, { executions, corpus, covered, growth, finding }: Report): boolean {
  const [start, end] = covered;
  const figures = [
    `${executions} executions`,
    `corpus ${corpus}`,
    `covered ${start} → ${end}`,
    `heap ${growth < 0 ? '' : '+'}${(growth / 1024 / 1024).toFixed(1)} MB`,
  ];
  console.log(`${target.padEnd(52)} ${figures.join(', ')}`);
  if (finding) {
    mkdirSync(FINDINGS, { recursive: true });
    const file = new URL(`${target.replaceAll(/\W+/g, '-')}-${seed}.bin`, FINDINGS);
    writeFileSync(file, finding.input);
    console.log(`  FINDING: ${finding.error}\n  input kept in ${file.pathname}`);
  }
  if (growth > MAX_GROWTH) console.log(`  FINDING: the heap grew by more than ${MAX_GROWTH} bytes`);
  return !finding && growth <= MAX_GROWTH;
}

const names = values.target === undefined ? (await createTargets()).map(({ name }) => name) : [values.target];
console.log(`${names.length} targets, ${seconds} s each, seed ${seed}`);

const queue = [...names];
let executions = 0;
let failed = 0;
async function work(): Promise<void> {
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    const report = await fuzz(name);
    executions += report.executions;
    if (!judge(name, report)) failed += 1;
  }
}
await Promise.all(Array.from({ length: Number(values.jobs) }, work));
console.log(`${executions} executions, ${failed} findings`);
process.exitCode = failed === 0 ? 0 : 1;
