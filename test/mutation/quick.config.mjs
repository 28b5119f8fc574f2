import { common } from './common.config.mjs';

/** Every mutant of the core, against the tests that answer in seconds. */
export default {
  ...common,
  mutate: [
    'src/*.ts',
    'src/{assertion,attestation,authenticator-data,cbor,certificates,options,receipt,runtime}/**/*.ts',
    '!src/index.ts',
  ],
  vitest: { configFile: 'test/configs/mutation.config.ts' },
  jsonReporter: { fileName: 'test/mutation/report/quick.json' },
};
