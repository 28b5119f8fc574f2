import { mergeConfig } from 'vitest/config';
import config from './vitest.config.js';

/** The tests that say in seconds what a mutant broke: without those that try every byte, or the virtual Apple. */
export default mergeConfig(config, {
  test: {
    exclude: [
      'test/tampering.test.ts',
      'test/hostile-input.test.ts',
      'test/properties/**',
      'test/testing/**',
      'test/server/**',
      'test/stores/**',
      'test/http/**',
      'test/examples/**',
      'examples/**',
      'test/readme.test.ts',
    ],
  },
});
