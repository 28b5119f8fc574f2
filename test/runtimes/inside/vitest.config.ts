import { defineConfig } from 'vitest/config';
import core from '../../../vitest.config.js';
import { runningRuntime } from '../running-runtime.js';

/** What stands on the core, and the documents. */
const BEYOND_THE_CORE = [
  'test/{conformance,examples,http,server,stores}/**',
  'examples/**',
  'test/{readme,scripts}.test.ts',
];

/** The tests of the core as `npm test` runs them, and those of this folder, inside the runtime that runs this. */
export default defineConfig({
  ...core,
  test: {
    ...core.test,
    exclude: [
      ...(core.test?.exclude ?? []).filter((pattern) => pattern !== 'test/runtimes/**'),
      ...BEYOND_THE_CORE,
      'test/runtimes/*.test.ts',
      'test/runtimes/workerd/**',
    ],
    setupFiles: ['test/runtimes/inside/assert-runtime.ts'],
    pool: 'forks',
    maxWorkers: 1,
    // Bun's garbage collector can be called under this flag only.
    execArgv: runningRuntime().startsWith('bun') ? ['--expose-gc'] : [],
  },
});
