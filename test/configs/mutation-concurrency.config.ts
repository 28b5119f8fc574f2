import { defineConfig } from 'vitest/config';
import config from '../../vitest.config.js';

/**
 * The tests of the pool, the calling thread and copies of evidence: they count what is under way, and put something else
 * in the place of a module, so each file needs modules of its own.
 */
export default defineConfig({
  ...config,
  test: {
    ...config.test,
    include: [
      'test/{changed-evidence,concurrency,overload}.test.ts',
      'test/runtime/{turnstile,calling-thread}.test.ts',
      'test/certificates/issuer-signature.test.ts',
    ],
  },
});
