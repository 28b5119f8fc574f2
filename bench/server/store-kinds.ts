import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PostgresServer } from '../../test/servers/support/postgres-server.js';
import { RedisServer } from '../../test/servers/support/redis-server.js';

/** Where a service keeps its state. */
export const STORE_KINDS = ['memory', 'SQLite', 'Redis', 'PostgreSQL'] as const;

export type StoreKind = (typeof STORE_KINDS)[number];

/** A database that writes to disk before it acknowledges a write: a server on loopback, or a folder for SQLite files. */
export interface Database {
  /** The port of the server. `undefined` for SQLite, which has no server. */
  readonly port: number | undefined;
  /** Returns the URL of the database with another port, such as the port of a proxy. For SQLite, returns the URL of the folder. */
  urlAt(port?: number): string;
  /** Returns the size of the data in the memory of Redis or in the files of PostgreSQL or SQLite, in bytes. */
  size(): Promise<number>;
  /** Deletes all data. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the server of a store, or creates the folder for its files. Returns `undefined` for a store in memory. */
export async function startDatabase(kind: StoreKind): Promise<Database | undefined> {
  switch (kind) {
    case 'memory':
      return undefined;
    case 'SQLite':
      return sqliteDatabase(await mkdtemp(join(tmpdir(), 'app-attest-bench-')));
    case 'Redis':
      return redisDatabase(await RedisServer.start());
    case 'PostgreSQL':
      return postgresDatabase(await PostgresServer.start());
  }
}

function sqliteDatabase(folder: string): Database {
  const files = async () => (await readdir(folder)).map((name) => join(folder, name));
  return {
    port: undefined,
    urlAt: () => `file:${folder}`,
    size: async () => {
      const sizes = await Promise.all((await files()).map(async (file) => (await stat(file)).size));
      return sizes.reduce((sum, size) => sum + size, 0);
    },
    clear: async () => {
      for (const file of await files()) await rm(file);
    },
    stop: () => rm(folder, { recursive: true }),
  };
}

function redisDatabase(server: RedisServer): Database {
  return {
    port: server.port,
    urlAt: (port = server.port) => `redis://127.0.0.1:${port}`,
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
    urlAt: (port = server.port) => `postgres://postgres@127.0.0.1:${port}/postgres`,
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
