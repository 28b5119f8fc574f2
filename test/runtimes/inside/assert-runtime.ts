import { env } from 'node:process';
import { runningRuntime } from '../running-runtime.js';

// Runs before each test file, in the process of that file. If the process runs on the wrong runtime, all its tests fail.
const { EXPECTED_RUNTIME } = env;
if (runningRuntime() !== EXPECTED_RUNTIME) {
  throw new Error(`this test file runs on ${runningRuntime()} instead of ${EXPECTED_RUNTIME}`);
}
