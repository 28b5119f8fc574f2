import { mergeConfig } from 'vitest/config';
import { base } from '../../vitest.config.js';

/**
 * The tests of the thread pool, the calling thread and copies of evidence. They count running operations and replace modules,
 * so each file needs its own instances of the modules.
 */
export default mergeConfig(base, {
  test: {
    include: [
      'test/{changed-evidence,concurrency,overload}.test.ts',
      'test/runtime/{turnstile,calling-thread}.test.ts',
      'test/certificates/issuer-signature.test.ts',
    ],
  },
});
