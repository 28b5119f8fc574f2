import { common } from './common.config.mjs';
import { aliveIn } from './report.mjs';

/**
 * The mutants that the quick tests let live, against the whole suite, with a process of modules of its own for each
 * file: what runs once, when a module loads, is mutated only there.
 */
export default {
  ...common,
  mutate: aliveIn('quick').map(({ file, location: { start, end } }) => {
    // Stryker counts columns from 0 here, and from 1 in its report.
    return `${file}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`;
  }),
  vitest: { configFile: 'vitest.mutation.thorough.config.ts' },
  jsonReporter: { fileName: 'test/mutation/report/thorough.json' },
};
