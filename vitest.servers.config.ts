import { defineConfig } from 'vitest/config';
import { alias } from './vitest.config.js';

/** The stores on real servers, which these tests start on loopback: needs `redis-server` and `postgresql`. */
export default defineConfig({
  resolve: { alias },
  test: {
    include: ['test/servers/**/*.test.ts'],
    globalSetup: ['test/servers/support/start-servers.ts'],
    testTimeout: 180_000,
    hookTimeout: 60_000,
    // They wait more than they compute.
    maxWorkers: 2,
  },
});
