import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const installed = (name: string): string => {
  return fileURLToPath(new URL(`../frameworks/node_modules/${name}`, import.meta.url));
};

/** The adapters with one pair of releases; those of the other tests are the newest. */
const withReleases = (express: string, fastify: string) => ({
  resolve: { alias: { express: installed(express), fastify: installed(fastify) } },
  test: {
    name: `${express}, ${fastify}`,
    include: ['test/http/{adapters,bad-input,body-parsers,body-budget}.test.ts'],
    testTimeout: 60_000,
  },
});

/** The HTTP adapters with other releases of Express and Fastify. */
export default defineConfig({
  test: {
    projects: [
      withReleases('express-4.17', 'fastify-4.0'),
      withReleases('express-4', 'fastify-4'),
      withReleases('express-5.0', 'fastify-5.0'),
    ],
  },
});
