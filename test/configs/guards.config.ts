import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { alias } from '../../vitest.config.js';

const path = (relative: string): string => fileURLToPath(new URL(`../../${relative}`, import.meta.url));

const framework = (name: string): string => path(`test/frameworks/node_modules/${name}`);

/** Tests the HTTP adapters with one release of each framework. `npm test` uses the newest releases. */
const withReleases = (express: string, fastify: string, hono: string) => ({
  resolve: { alias: { express: framework(express), fastify: framework(fastify), hono: framework(hono) } },
  test: {
    name: `frameworks: ${express}, ${fastify}, ${hono}`,
    include: ['test/http/{adapters,bad-input,body-parsers,body-budget,report,reported-body,session,target}.test.ts'],
    testTimeout: 60_000,
  },
});

/** The clients that the examples in examples/bridges/ import. */
const bridgeClients = Object.fromEntries(
  ['@neondatabase/serverless', 'kysely'].map((name) => [name, path(`test/bridges/node_modules/${name}`)]),
);

/**
 * Tests that need the npm registry, packages that `npm install` does not install, or real servers.
 * They are not part of `npm test`. Each project can run alone: for example, `--project stores` runs the tests of the stores.
 */
export default defineConfig({
  test: {
    // By default, vitest would use one worker on two processors. These tests wait more than they compute.
    maxWorkers: 2,
    projects: [
      {
        // Tests of the package as npm would publish it, installed into other projects.
        test: { name: 'package', include: ['test/package/*.test.ts'], testTimeout: 120_000, hookTimeout: 300_000 },
      },
      {
        // Tests of bundles that contain this package.
        test: { name: 'bundlers', include: ['test/bundlers/*.test.ts'], testTimeout: 120_000, hookTimeout: 300_000 },
      },
      withReleases('express-4.17', 'fastify-4.0', 'hono-4.0'),
      withReleases('express-4', 'fastify-4', 'hono-4.12'),
      withReleases('express-5.0', 'fastify-5.0', 'hono-4.0'),
      {
        // Tests of parsers for file uploads after protect.
        test: { name: 'uploads', include: ['test/uploads/*.test.ts'], testTimeout: 60_000 },
      },
      {
        // Comparisons with other verifiers and OpenSSL.
        test: { name: 'peers', include: ['test/peers/**/*.test.ts'], testTimeout: 120_000 },
      },
      {
        // Tests of the stores on real servers. The tests start the servers on loopback and need `redis-server`,
        // `valkey-server`, `postgresql` and `pgbouncer`. The clients of SQLite are in test/sqlite/.
        resolve: { alias },
        test: {
          name: 'stores',
          include: ['test/servers/**/*.test.ts'],
          globalSetup: ['test/servers/support/start-servers.ts'],
          testTimeout: 180_000,
          hookTimeout: 60_000,
        },
      },
      {
        // Tests of the example examples/mysql.ts. The tests start MariaDB on loopback and need `mariadb-server`.
        resolve: { alias: { ...alias, 'mysql2/promise': path('test/mysql/node_modules/mysql2/promise.js') } },
        test: {
          name: 'mysql',
          include: ['test/mysql/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 60_000,
        },
      },
      {
        // Tests of the stores in SQLite on clients and runtimes that `npm install` does not install.
        resolve: { alias },
        test: {
          name: 'sqlite',
          include: ['test/sqlite/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 180_000,
        },
      },
      {
        // Tests of the examples for other clients of PostgreSQL, and for Supabase, on their own servers.
        resolve: { alias: { ...alias, ...bridgeClients } },
        test: {
          name: 'bridges',
          include: ['test/bridges/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        // Tests of the queue examples in docs/fraud-risk.md, on their own Redis and PostgreSQL servers.
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
        },
      },
      {
        // Tests of the projects in examples/projects/. Each project is installed and runs as its own server.
        resolve: { alias },
        test: {
          name: 'projects',
          include: ['test/projects/*.test.ts'],
          globalSetup: ['test/projects/support/pack-for-virtual-apple.ts'],
          testTimeout: 60_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
