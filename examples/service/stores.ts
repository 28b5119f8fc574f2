import { migrations, postgresStores } from 'app-attest/postgres';
import { redisStores } from 'app-attest/redis';
import { type ChallengeStore, type KeyStore, memoryStores } from 'app-attest/server';
import { Pool } from 'pg';
import { createClient } from 'redis';

export interface OpenStores {
  /** Where the state is kept, in words. */
  place: string;
  stores: { challenges: ChallengeStore; keys: KeyStore };
  close(): Promise<void>;
}

/** A request waits no longer for a store, in milliseconds: it is answered with 503. */
const TIMEOUT = 2000;

/** The stores that the environment names: `REDIS_URL`, `DATABASE_URL`, or the memory of this process. */
export async function openStores(): Promise<OpenStores> {
  const { REDIS_URL, DATABASE_URL } = process.env;
  if (REDIS_URL) return openRedis(REDIS_URL);
  if (DATABASE_URL) return openPostgres(DATABASE_URL);
  return { place: 'the memory of this process', stores: memoryStores(), close: async () => undefined };
}

async function openRedis(url: string): Promise<OpenStores> {
  const client = createClient({ url, disableOfflineQueue: true, commandOptions: { timeout: TIMEOUT } });
  client.on('error', (error) => console.error(`Redis: ${error.message}`)); // or a lost connection ends the process
  await client.connect();
  return { place: 'Redis', stores: redisStores(client), close: () => client.close() };
}

async function openPostgres(connectionString: string): Promise<OpenStores> {
  const pool = new Pool({ connectionString, connectionTimeoutMillis: TIMEOUT, query_timeout: TIMEOUT });
  pool.on('error', (error) => console.error(`PostgreSQL: ${error.message}`));
  await migrate(pool);
  return { place: 'PostgreSQL', stores: postgresStores(pool, { schema: SCHEMA }), close: () => pool.end() };
}

const SCHEMA = 'app_attest_example';

/** What a migration tool does: makes the tables that are not there yet, one server at a time. */
async function migrate(pool: Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock(hashtext($1))', [SCHEMA]);
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${SCHEMA}`);
    await client.query(`SET LOCAL search_path TO ${SCHEMA}`);
    await client.query('CREATE TABLE IF NOT EXISTS migrations (version int PRIMARY KEY)');
    const { rows } = await client.query<{ version: number }>('SELECT version FROM migrations');
    for (const { version, sql } of migrations.filter((one) => !rows.some((row) => row.version === one.version))) {
      await client.query(sql);
      await client.query('INSERT INTO migrations VALUES ($1)', [version]);
    }
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}
