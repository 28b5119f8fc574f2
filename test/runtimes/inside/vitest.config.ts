import { defineConfig } from 'vitest/config';
import core from '../../../vitest.config.js';
import { runningRuntime } from '../running-runtime.js';

/** The tests as `npm test` runs them, and those of this folder, inside the runtime that runs this. */
export default defineConfig({
  ...core,
  test: {
    ...core.test,
    include: ['test/**/*.test.ts'],
    exclude: ['test/{bundlers,package,peers}/**', 'test/runtimes/*.test.ts'],
    setupFiles: ['test/runtimes/inside/assert-runtime.ts'],
    pool: 'forks',
    maxWorkers: 1,
    // Bun's garbage collector can be called under this flag only.
    execArgv: runningRuntime().startsWith('bun') ? ['--expose-gc'] : [],
  },
});
