import { type Client, createClient as createSqliteClient } from '@libsql/client';
import pg from 'pg';
import { createClient } from 'redis';

/** The time limit for a database, in seconds. It is longer than usual, because the machine is under full load. */
export const PATIENCE = 30;

/** A client of the package `@libsql/client` for the file of a service. `url` is the URL of a folder. */
export function openSqliteClient(url: string, namespace: string): Client {
  return createSqliteClient({ url: `${url}/${namespace}.db` });
}

/** A client of the package `redis`, with the settings of examples/redis.ts. */
export async function openRedisClient(url: string) {
  const client = createClient({ url, disableOfflineQueue: true });
  client.on('error', (error) => console.warn(`Redis: ${error.message}`));
  await client.connect();
  return client;
}

/** A pool of the package `pg`, with the settings of examples/postgres.ts. `max` is the number of connections. */
export function openPool(connectionString: string, max = 10): pg.Pool {
  const limit = PATIENCE * 1000;
  const pool = new pg.Pool({ connectionString, connectionTimeoutMillis: limit, query_timeout: limit, max });
  pool.on('error', (error) => console.warn(`PostgreSQL: ${error.message}`));
  return pool;
}
