import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig, mergeConfig } from 'vitest/config';

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

/** The test files of the repository. */
export const TESTS = ['test/**/*.test.ts', 'examples/**/*.test.ts'];

/** Tests that need servers, a browser or another runtime, and the slow tests. Other configurations contain them. */
export const NOT_IN_NPM_TEST = [
  '**/node_modules/**',
  'test/{bridges,bundlers,frameworks,mysql,package,peers,projects,queues,servers,site,sqlite,uploads}/**',
  COST_TESTS,
  'test/runtimes/**',
  'test/{client,examples,inspector}/page/**',
];

/**
 * Folders whose test files share the loaded modules, because loading them for each file takes half of the time. Modules that
 * these files import must not register hooks such as `afterAll` when they are loaded.
 */
const SHARED_FOLDERS =
  'test/{assertion,attestation,authenticator-data,certificates,conformance,encoding,explain,http,keys,options,properties,receipt,server,session,stores,testing}/**';

/** Tests in these folders that replace a module or count operations of the process. */
const ALONE = [
  'test/certificates/issuer-signature.test.ts',
  'test/receipt/{missing-packages,refresh-receipt}.test.ts',
  'test/server/refresh-receipts*.test.ts',
];

/** Settings of all tests that run on the sources. */
export const base = defineConfig({
  resolve: { alias: { ...alias, '@capgo/capacitor-app-attest': plugin } },
  test: {
    setupFiles: ['test/support/quiet-run.ts'],
    // Some tests only wait. Two workers more than there are processors keep the processors busy.
    maxWorkers: availableParallelism() + 2,
    // Some tests verify thousands of tampered attestations in one test.
    testTimeout: 60_000,
    // PGlite takes long to create a database.
    hookTimeout: 60_000,
  },
});

export default mergeConfig(base, {
  test: {
    projects: [
      {
        extends: true,
        test: { name: 'shared', include: [`${SHARED_FOLDERS}/*.test.ts`], exclude: ALONE, isolate: false },
      },
      {
        extends: true,
        test: { name: 'isolated', include: TESTS, exclude: [...NOT_IN_NPM_TEST, SHARED_FOLDERS] },
      },
      { extends: true, test: { name: 'alone', include: ALONE } },
    ],
  },
});
