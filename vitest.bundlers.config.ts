import { defineConfig } from 'vitest/config';

/** What npm would publish, bundled: needs the registry, so it is not part of `npm test`. */
export default defineConfig({
  test: {
    include: ['test/bundlers/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
});
