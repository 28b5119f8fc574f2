import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** The queues of docs/fraud-risk.md over a real Redis and a real PostgreSQL, which `.ci/run` installs from Debian. */
export default defineConfig({
  resolve: {
    alias: {
      'app-attest/testing': path('./src/testing/index.ts'),
      'app-attest': path('./src/index.ts'),
      bullmq: path('./test/queues/node_modules/bullmq'),
      'pg-boss': path('./test/queues/node_modules/pg-boss'),
    },
  },
  test: {
    include: ['test/queues/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
