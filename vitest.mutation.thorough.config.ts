import { mergeConfig } from 'vitest/config';
import config from './vitest.config.js';

/** Every test of the core that always tries the same: a mutant must not die by luck. */
export default mergeConfig(config, {
  test: {
    exclude: [
      'test/properties/**',
      'test/testing/{capacitor-plugin,receipt-endpoint,structure,virtual-device}.test.ts',
      'test/server/**',
      'test/stores/**',
      'test/http/**',
      'test/examples/**',
      'examples/**',
      'test/readme.test.ts',
    ],
  },
});
