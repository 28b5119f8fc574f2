/** Settings that both runs of Stryker share. */
export const common = {
  packageManager: 'npm',
  plugins: ['@stryker-mutator/vitest-runner', './test/mutation/error-messages.mjs'],
  ignorers: ['error-messages'],
  testRunner: 'vitest',
  coverageAnalysis: 'perTest',
  ignorePatterns: ['dist', 'fuzz', 'bench', 'test/peers', 'test/package', 'test/mutation'],
  concurrency: 2,
  timeoutMS: 30_000,
  reporters: ['progress-append-only', 'clear-text', 'json'],
  clearTextReporter: { logTests: false, reportTests: false, reportMutants: false, allowColor: false },
};
