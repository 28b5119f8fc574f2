import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The tampering tests verify thousands of attestations in one test.
    testTimeout: 60_000,
  },
});
