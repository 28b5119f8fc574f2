import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { env, execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { JsonTestResults } from 'vitest/reporters';
import { runningRuntime } from './running-runtime.js';
import type { Runtime } from './runtime.js';

const run = promisify(execFile);
const project = fileURLToPath(new URL('../../', import.meta.url));

/** One test of the core and its result. */
export interface CoreTest {
  readonly name: string;
  /** Why the test did not pass. `undefined` if it passed. */
  readonly failure: string | undefined;
}

/** Runs every test of the core on a runtime. */
export async function runCoreTests({ command, identity }: Runtime): Promise<readonly CoreTest[]> {
  const { output, failure } = await vitest(command, identity, (file) => [
    'run',
    '--reporter=json',
    `--outputFile=${file}`,
  ]);
  const { testResults }: JsonTestResults = JSON.parse(output);
  const tests = testResults.flatMap(({ name: file, message, assertionResults }) => {
    if (assertionResults.length === 0) throw new Error(`${file} has no tests on ${identity}: ${message}`);
    return assertionResults.map(({ ancestorTitles, title, status, failureMessages }) => ({
      name: nameOf(file, [...ancestorTitles, title].join(' > ')),
      failure: status === 'passed' ? undefined : failureMessages?.join('\n') || status,
    }));
  });
  // A run can fail without a failed test, for example because of an unhandled rejection.
  if (failure !== undefined && tests.every((test) => test.failure === undefined)) throw failure;
  return tests;
}

/** Returns the names of the tests that {@link runCoreTests} must run. Lists them on the current Node, without running them. */
export async function listCoreTests(): Promise<readonly string[]> {
  const { output, failure } = await vitest([execPath], runningRuntime(), (file) => ['list', `--json=${file}`]);
  if (failure !== undefined) throw failure;
  const tests: readonly { file: string; name: string }[] = JSON.parse(output);
  return tests.map(({ file, name }) => nameOf(file, name));
}

function nameOf(file: string, name: string): string {
  return `${relative(project, file)} > ${name}`;
}

/** Runs vitest on a runtime. Returns the contents of its output file, and the error if vitest failed. */
async function vitest(
  [program, ...parameters]: readonly [program: string, ...parameters: string[]],
  identity: string,
  writeTo: (file: string) => readonly string[],
): Promise<{ output: string; failure: unknown }> {
  const folder = await mkdtemp(join(tmpdir(), 'app-attest-runtime-'));
  const file = join(folder, 'output.json');
  const script = ['node_modules/vitest/vitest.mjs', ...writeTo(file), '--config=test/runtimes/inside/vitest.config.ts'];
  // The inner vitest is a separate process, and must not inherit environment variables from the outer vitest.
  const { PATH, HOME } = env;
  const options = { cwd: project, env: { PATH, HOME, EXPECTED_RUNTIME: identity, DENO_NO_UPDATE_CHECK: '1' } };
  try {
    const failure = await run(program, [...parameters, ...script], options).then(
      () => undefined,
      (error: unknown) => error,
    );
    const output = await readFile(file, 'utf8').catch(() => {
      throw new Error(`vitest wrote nothing on ${identity}`, { cause: failure });
    });
    return { output, failure };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
