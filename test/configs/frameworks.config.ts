import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const installed = (name: string): string => {
  return fileURLToPath(new URL(`../frameworks/node_modules/${name}`, import.meta.url));
};

/** The adapters with one release of each; those of the other tests are the newest. */
const withReleases = (express: string, fastify: string, hono: string) => ({
  resolve: { alias: { express: installed(express), fastify: installed(fastify), hono: installed(hono) } },
  test: {
    name: [express, fastify, hono].join(', '),
    include: ['test/http/{adapters,bad-input,body-parsers,body-budget,target}.test.ts'],
    testTimeout: 60_000,
  },
});

/** The HTTP adapters with other releases of Express, Fastify and Hono. */
export default defineConfig({
  test: {
    projects: [
      withReleases('express-4.17', 'fastify-4.0', 'hono-4.0'),
      withReleases('express-4', 'fastify-4', 'hono-4.12'),
      withReleases('express-5.0', 'fastify-5.0', 'hono-4.0'),
    ],
  },
});
