import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    // The examples import the package by its name, as its users do.
    alias: {
      'app-attest/testing': fileURLToPath(new URL('./src/testing/index.ts', import.meta.url)),
      'app-attest': fileURLToPath(new URL('./src/index.ts', import.meta.url)),
    },
  },
  test: {
    include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'test/{bundlers,package,peers,queues,runtimes}/**'],
    // The tampering tests verify thousands of attestations in one test.
    testTimeout: 60_000,
  },
});
