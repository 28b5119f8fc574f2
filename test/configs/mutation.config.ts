import { mergeConfig } from 'vitest/config';
import { base, NOT_IN_NPM_TEST, TESTS } from '../../vitest.config.js';

/**
 * The tests that detect a mutant within seconds. Tests that are slow, replace a module or do not test the core are left out.
 * All test files share one worker and its loaded modules. This reduces the time to a fifth.
 */
export default mergeConfig(base, {
  test: {
    include: TESTS,
    isolate: false,
    maxWorkers: 1,
    exclude: [
      ...NOT_IN_NPM_TEST,
      'test/tampering.test.ts',
      'test/hostile-input.test.ts',
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
