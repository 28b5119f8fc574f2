import { mergeConfig } from 'vitest/config';
import config from '../../vitest.config.js';

/**
 * The tests that say in seconds what a mutant broke: without those that try every byte, or the virtual Apple, or that
 * put something else in the place of a module. One worker keeps its modules, which takes a fifth of the time.
 */
export default mergeConfig(config, {
  test: {
    isolate: false,
    maxWorkers: 1,
    exclude: [
      'test/tampering.test.ts',
      'test/hostile-input.test.ts',
      'test/cost-by-type.test.ts',
      'test/receipt/slow-receipts.test.ts',
      'test/properties/**',
      'test/testing/{capacitor-plugin,receipt-endpoint,signed-request,structure,virtual-device}.test.ts',
      'test/server/**',
      'test/receipt/tampering.test.ts',
      'test/receipt/hostile-receipts.test.ts',
      'test/{changed-evidence,concurrency,overload}.test.ts',
      'test/certificates/issuer-signature.test.ts',
      'test/cold-start.test.ts',
      'test/memory.test.ts',
      'test/{conformance,stores}/**',
      'test/http/**',
      'test/examples/**',
      'examples/**',
      'test/{readme,scripts}.test.ts',
    ],
  },
});
