import { env } from 'node:process';
import { runningRuntime } from '../running-runtime.js';

// Runs before each test file, in the process of that file. A test must not pass on a runtime other than the expected one.
const { EXPECTED_RUNTIME } = env;
if (runningRuntime() !== EXPECTED_RUNTIME) {
  throw new Error(`this test file runs on ${runningRuntime()} instead of ${EXPECTED_RUNTIME}`);
}
