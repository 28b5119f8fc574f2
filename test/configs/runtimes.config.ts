import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { alias } from '../../vitest.config.js';
import { runtimes } from '../runtimes/runtime.js';

const path = (relative: string): string => fileURLToPath(new URL(`../../${relative}`, import.meta.url));

const built = (module: string): string => path(`dist/${module}.js`);

/** The tests of the core on every runtime, one project per runtime: `--project Bun` runs them only on Bun. */
export default defineConfig({
  test: {
    globalSetup: ['test/runtimes/list-core-tests.ts'],
    // A vitest worker only waits for the runtime that it started.
    maxWorkers: availableParallelism(),
    projects: [
      ...runtimes.map((runtime) => ({
        test: {
          name: runtime.name,
          include: ['test/runtimes/core.test.ts'],
          provide: { runtime },
          testTimeout: 120_000,
        },
      })),
      {
        resolve: { alias: { 'app-attest/testing': built('testing'), 'app-attest': built('index') } },
        test: {
          name: 'workerd',
          include: ['test/runtimes/documentation.test.ts', 'test/runtimes/workerd/*.test.ts'],
          testTimeout: 120_000,
        },
      },
      {
        // Tests in Chromium. They use the modules that replace the Node.js modules in the inspector page.
        resolve: { alias },
        test: { name: 'Chromium', include: ['test/runtimes/chromium/*.test.ts'], testTimeout: 120_000 },
      },
      {
        // Tests of the client in Chromium, as a page on another origin than the server.
        resolve: { alias },
        test: { name: 'client', include: ['test/client/page/*.test.ts'], testTimeout: 60_000 },
      },
      {
        // Tests of the built inspector page in Chromium.
        test: { name: 'inspector', include: ['test/inspector/page/*.test.ts'], testTimeout: 60_000 },
      },
      {
        // Tests of the page of the example in Chromium.
        resolve: { alias },
        test: { name: 'example', include: ['test/examples/page/*.test.ts'], testTimeout: 60_000 },
      },
      {
        // Tests of the documentation site, in Chromium.
        resolve: { alias: { vitepress: path('docs/.vitepress/node_modules/vitepress/dist/node/index.js') } },
        test: {
          name: 'site',
          include: ['test/site/*.test.ts'],
          globalSetup: ['test/site/build-site.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
