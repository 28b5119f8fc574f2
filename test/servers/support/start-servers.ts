import type { TestProject } from 'vitest/node';
import { PostgresServer } from './postgres-server.js';
import { RedisCluster } from './redis-cluster.js';
import { RedisServer } from './redis-server.js';
import { SqliteFile } from './sqlite-file.js';
import type { Addresses } from './store-kinds.js';

declare module 'vitest' {
  interface ProvidedContext {
    addresses: Addresses;
  }
}

/** Starts one server of each kind, and creates a file of SQLite, for all tests that neither stop nor reconfigure the server. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [redis, cluster, postgres, sqlite] = await Promise.all([
    RedisServer.start(),
    RedisCluster.start(),
    PostgresServer.start(),
    SqliteFile.create(),
  ]);
  project.provide('addresses', {
    redis: redis.url,
    cluster: cluster.urls,
    postgres: postgres.url,
    sqlite: sqlite.path,
  });
  return async () => {
    await Promise.all([redis.stop(), cluster.stop(), postgres.stop(), sqlite.remove()]);
  };
}
