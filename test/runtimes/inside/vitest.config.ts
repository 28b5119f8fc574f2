import { defineConfig } from 'vitest/config';
import core from '../../../vitest.config.js';
import { runningRuntime } from '../running-runtime.js';

/** The tests as `npm test` runs them, and those of this folder, inside the runtime that runs this. */
export default defineConfig({
  ...core,
  test: {
    ...core.test,
    exclude: [
      ...(core.test?.exclude ?? []).filter((pattern) => pattern !== 'test/runtimes/**'),
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
