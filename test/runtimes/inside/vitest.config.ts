import { defineConfig } from 'vitest/config';
import { base, COST_TESTS, NOT_IN_NPM_TEST, TESTS } from '../../../vitest.config.js';
import { runningRuntime } from '../running-runtime.js';

/** Tests of the modules that use the core, of the client, which runs in browser engines, and of the documents. */
const BEYOND_THE_CORE = [
  'test/inspector/**',
  'test/{bench,cli,client,conformance,examples,http,server,stores}/**',
  'examples/**',
  'test/{readme,scripts}.test.ts',
];

/** The tests of the core as in `npm test`, and the tests in this folder. They run on the runtime that executes this file. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: TESTS,
    exclude: [
      ...NOT_IN_NPM_TEST.filter((pattern) => pattern !== 'test/runtimes/**' && pattern !== COST_TESTS),
      ...BEYOND_THE_CORE,
      'test/runtimes/*.test.ts',
      'test/runtimes/{chromium,workerd}/**',
    ],
    setupFiles: ['test/runtimes/inside/assert-runtime.ts'],
    pool: 'forks',
    maxWorkers: 1,
    // Bun's garbage collector can be called only with this flag.
    execArgv: runningRuntime().startsWith('bun') ? ['--expose-gc'] : [],
  },
});
