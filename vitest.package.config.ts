import { defineConfig } from 'vitest/config';

/** What npm would publish, installed into an empty project: needs the registry, so it is not part of `npm test`. */
export default defineConfig({
  test: {
    include: ['test/package/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
});
