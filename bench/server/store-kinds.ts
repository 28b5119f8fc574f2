import { PostgresServer } from '../../test/servers/support/postgres-server.js';
import { RedisServer } from '../../test/servers/support/redis-server.js';

/** Where a service keeps its state. */
export const STORE_KINDS = ['memory', 'Redis', 'PostgreSQL'] as const;

export type StoreKind = (typeof STORE_KINDS)[number];

/** A database server on loopback that writes to disk before it acknowledges a write. */
export interface Database {
  readonly port: number;
  /** Returns the URL of the database with another port, such as the port of a proxy. */
  urlAt(port: number): string;
  /** Returns the size of the data in the memory of Redis or in the files of PostgreSQL, in bytes. */
  size(): Promise<number>;
  /** Deletes all data. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the server of a store. Returns `undefined` for a store that needs no server. */
export async function startDatabase(kind: StoreKind): Promise<Database | undefined> {
  switch (kind) {
    case 'memory':
      return undefined;
    case 'Redis':
      return redisDatabase(await RedisServer.start());
    case 'PostgreSQL':
      return postgresDatabase(await PostgresServer.start());
  }
}

function redisDatabase(server: RedisServer): Database {
  return {
    port: server.port,
    urlAt: (port) => `redis://127.0.0.1:${port}`,
    size: async () => Number(/used_memory_dataset:(\d+)/.exec(await server.command('INFO memory'))?.[1]),
    clear: async () => {
      await server.command('FLUSHALL');
    },
    stop: () => server.stop(),
  };
}

function postgresDatabase(server: PostgresServer): Database {
  return {
    port: server.port,
    urlAt: (port) => `postgres://postgres@127.0.0.1:${port}/postgres`,
    size: async () => {
      const [row] = await server.query('SELECT pg_database_size(current_database())::float8 AS size');
      return Number(Object(row).size);
    },
    clear: async () => {
      const schemas = await server.query("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'bench%'");
      for (const schema of schemas) await server.query(`DROP SCHEMA ${Object(schema).nspname} CASCADE`);
    },
    stop: () => server.stop(),
  };
}
