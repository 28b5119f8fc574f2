import { openIoRedis, openIoRedisCluster } from '../../../examples/ioredis.js';
import { openPostgres } from '../../../examples/postgres.js';
import { openRedis } from '../../../examples/redis.js';
import { openRedisCluster } from '../../../examples/redis-cluster.js';
import type { Stores } from '../../../src/conformance/index.js';
import { postgresStores } from '../../../src/stores/postgres/index.js';
import { openSqlite } from './open-sqlite.js';

/** The addresses of the servers, and the path of the file of SQLite. */
export interface Addresses {
  redis: string;
  cluster: string[];
  postgres: string;
  sqlite: string;
  /** A store that is not in this package. */
  module?: { path: string; address: string };
}

/** The exports of a module for the kind `'module'`. */
interface StoreModule {
  openStores(address: string, timeout?: number): Promise<OpenedStores>;
}

export interface OpenedStores {
  stores: Stores;
  close: () => Promise<void>;
}

/** Each kind of database, with each client that works on all supported releases of Node.js. */
export const storeKinds = [
  'redis',
  'ioredis',
  'redis cluster',
  'ioredis cluster',
  'postgres',
  'better-sqlite3',
  'libsql',
] as const;

/**
 * Processes with `node:sqlite` run on a release of Node.js that has this module. The stores for `'postgres without prepared'` work
 * behind any pooler. The kind `'module'` is for stores that are not in this package.
 */
export type StoreKind = (typeof storeKinds)[number] | 'node:sqlite' | 'postgres without prepared' | 'module';

/** A time limit in seconds for tests that do not test time limits. It is long, because the test machine may be slow. */
export const PATIENCE = 30;

/** Opens stores as the examples do. `timeout` replaces the time limit of the examples, in seconds. */
export async function openStores(kind: StoreKind, addresses: Addresses, timeout?: number): Promise<OpenedStores> {
  switch (kind) {
    case 'redis': {
      const { client, stores } = await openRedis(addresses.redis, timeout);
      return { stores, close: async () => client.destroy() };
    }
    case 'ioredis': {
      const { client, stores } = await openIoRedis(addresses.redis, timeout);
      return { stores, close: async () => client.disconnect() };
    }
    case 'redis cluster': {
      const { client, stores } = await openRedisCluster(addresses.cluster, timeout);
      return { stores, close: async () => client.destroy() };
    }
    case 'ioredis cluster': {
      const { client, stores } = await openIoRedisCluster(addresses.cluster, timeout);
      return { stores, close: async () => client.disconnect() };
    }
    case 'postgres': {
      const { pool, stores } = openPostgres(addresses.postgres, timeout);
      return { stores, close: () => pool.end() };
    }
    case 'postgres without prepared': {
      const { pool } = openPostgres(addresses.postgres, timeout);
      return { stores: postgresStores(pool, { schema: 'app_attest', timeout }), close: () => pool.end() };
    }
    case 'better-sqlite3':
    case 'libsql':
    case 'node:sqlite':
      return openSqlite(kind, addresses.sqlite, timeout);
    case 'module': {
      if (!addresses.module) throw new Error('the path of the module is missing');
      const module: StoreModule = await import(addresses.module.path);
      return module.openStores(addresses.module.address, timeout);
    }
  }
}
