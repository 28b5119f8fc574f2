import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** The examples import the package by its name. The aliases resolve the name to the sources. */
export const alias = {
  'app-attest/http': fileURLToPath(new URL('./src/http/index.ts', import.meta.url)),
  'app-attest/express': fileURLToPath(new URL('./src/http/express.ts', import.meta.url)),
  'app-attest/fastify': fileURLToPath(new URL('./src/http/fastify.ts', import.meta.url)),
  'app-attest/hono': fileURLToPath(new URL('./src/http/hono.ts', import.meta.url)),
  'app-attest/server/conformance': fileURLToPath(new URL('./src/conformance/index.ts', import.meta.url)),
  'app-attest/server': fileURLToPath(new URL('./src/server/index.ts', import.meta.url)),
  'app-attest/client': fileURLToPath(new URL('./src/client/index.ts', import.meta.url)),
  'app-attest/redis': fileURLToPath(new URL('./src/stores/redis/index.ts', import.meta.url)),
  'app-attest/postgres': fileURLToPath(new URL('./src/stores/postgres/index.ts', import.meta.url)),
  'app-attest/session': fileURLToPath(new URL('./src/session/index.ts', import.meta.url)),
  'app-attest/sqlite': fileURLToPath(new URL('./src/stores/sqlite/index.ts', import.meta.url)),
  'app-attest/testing': fileURLToPath(new URL('./src/testing/index.ts', import.meta.url)),
  'app-attest': fileURLToPath(new URL('./src/index.ts', import.meta.url)),
};

/** The real plugin runs only in an app. In tests, a replacement runs on a virtual device. */
const plugin = fileURLToPath(new URL('./test/support/capacitor-app-attest.ts', import.meta.url));

/** The tests that measure the cost of hostile input. They take long, so only `npm run test:runtimes` runs them. */
export const COST_TESTS = 'test/cost/**';

export default defineConfig({
  resolve: { alias: { ...alias, '@capgo/capacitor-app-attest': plugin } },
  test: {
    include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
    exclude: [
      '**/node_modules/**',
      'test/{bundlers,frameworks,package,peers,queues,servers,sqlite,uploads}/**',
      COST_TESTS,
      'test/runtimes/**',
      'test/{client,inspector}/page/**',
    ],
    setupFiles: ['test/support/quiet-run.ts'],
    // Some tests only wait. Two workers more than there are processors keep the processors busy.
    maxWorkers: availableParallelism() + 2,
    // Some tests verify thousands of tampered attestations in one test.
    testTimeout: 60_000,
    // PGlite takes long to create a database.
    hookTimeout: 60_000,
  },
});
