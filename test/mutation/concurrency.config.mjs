import { common } from './common.config.mjs';
import { aliveIn } from './report.mjs';

/** Runs the concurrency tests on the mutants that survived the quick tests. */
export default {
  ...common,
  mutate: aliveIn('quick').map(({ file, location: { start, end } }) => {
    // Stryker counts columns from 0 here, and from 1 in its report.
    return `${file}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`;
  }),
  vitest: { configFile: 'test/configs/mutation-concurrency.config.ts' },
  jsonReporter: { fileName: 'test/mutation/report/concurrency.json' },
};
