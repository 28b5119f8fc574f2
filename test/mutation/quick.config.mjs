import { common } from './common.config.mjs';

/** Runs every mutant of the core against the tests that finish within seconds. */
export default {
  ...common,
  mutate: [
    'src/errors.ts',
    'src/{assertion,attestation,authenticator-data,certificates,encoding,explain,keys,options,receipt,runtime}/**/*.ts',
  ],
  vitest: { configFile: 'test/configs/mutation.config.ts' },
  jsonReporter: { fileName: 'test/mutation/report/quick.json' },
};
