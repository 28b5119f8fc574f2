import { env } from 'node:process';
import { runningRuntime } from '../running-runtime.js';

// Before each test file, in the process that runs it: no test may pass on another runtime than the one it is counted for.
const { EXPECTED_RUNTIME } = env;
if (runningRuntime() !== EXPECTED_RUNTIME) {
  throw new Error(`this test file runs on ${runningRuntime()} instead of ${EXPECTED_RUNTIME}`);
}
