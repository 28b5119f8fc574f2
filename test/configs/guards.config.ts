import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { alias } from '../../vitest.config.js';

const path = (relative: string): string => fileURLToPath(new URL(`../../${relative}`, import.meta.url));

const framework = (name: string): string => path(`test/frameworks/node_modules/${name}`);

/** The HTTP adapters with one release of each framework; those of the other tests are the newest. */
const withReleases = (express: string, fastify: string, hono: string) => ({
  resolve: { alias: { express: framework(express), fastify: framework(fastify), hono: framework(hono) } },
  test: {
    name: `frameworks: ${express}, ${fastify}, ${hono}`,
    include: ['test/http/{adapters,bad-input,body-parsers,body-budget,report,target}.test.ts'],
    testTimeout: 60_000,
  },
});

/** What needs the registry or real servers, so that it is not part of `npm test`: `--project stores` runs one of them. */
export default defineConfig({
  test: {
    projects: [
      {
        // What npm would publish, installed into projects of other people.
        test: { name: 'package', include: ['test/package/*.test.ts'], testTimeout: 120_000, hookTimeout: 300_000 },
      },
      {
        // The same, bundled.
        test: { name: 'bundlers', include: ['test/bundlers/*.test.ts'], testTimeout: 120_000, hookTimeout: 300_000 },
      },
      withReleases('express-4.17', 'fastify-4.0', 'hono-4.0'),
      withReleases('express-4', 'fastify-4', 'hono-4.12'),
      withReleases('express-5.0', 'fastify-5.0', 'hono-4.0'),
      {
        // Against other verifiers and OpenSSL.
        test: { name: 'peers', include: ['test/peers/**/*.test.ts'], testTimeout: 120_000 },
      },
      {
        // The stores on real servers, which these tests start on loopback: needs `redis-server` and `postgresql`.
        resolve: { alias },
        test: {
          name: 'stores',
          include: ['test/servers/**/*.test.ts'],
          globalSetup: ['test/servers/support/start-servers.ts'],
          testTimeout: 180_000,
          hookTimeout: 60_000,
          // They wait more than they compute.
          maxWorkers: 2,
        },
      },
      {
        // The queues of docs/fraud-risk.md over the same servers.
        resolve: {
          alias: {
            ...alias,
            bullmq: path('test/queues/node_modules/bullmq'),
            'pg-boss': path('test/queues/node_modules/pg-boss'),
          },
        },
        test: {
          name: 'queues',
          include: ['test/queues/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
