import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, inject, it } from 'vitest';
import { runCoreTests } from './core-tests.js';

const run = promisify(execFile);
const runtime = inject('runtime');
const tests = await runCoreTests(runtime);

it(`runs every test of the core on ${runtime.identity}`, () => {
  expect(tests.map(({ name }) => name).toSorted()).toEqual(inject('coreTests').toSorted());
});

// Each test is reported here with its result on the runtime.
for (const { name, failure } of tests) {
  it(name, () => {
    if (failure !== undefined) expect.fail(failure);
  });
}

it.each([
  ['imported as an ES module', 'examples/demo.mjs', 'All results are as expected.'],
  ['required as CommonJS', 'test/runtimes/verify-recording.cjs', '"wrong":"app_id_mismatch"'],
])('verifies recordings with the built package, %s', async (_how, script, printed) => {
  const [program, ...parameters] = runtime.command;
  const cwd = fileURLToPath(new URL('../../', import.meta.url));
  expect((await run(program, [...parameters, script], { cwd })).stdout).toContain(printed);
});
