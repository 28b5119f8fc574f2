import { migrations, postgresStores } from 'app-attest/postgres';
import { Pool } from 'pg';

export function openPostgres(connectionString: string, timeout = 2) {
  // The pool has the same time limit. It closes a connection that does not respond.
  const pool = new Pool({ connectionString, connectionTimeoutMillis: timeout * 1000, query_timeout: timeout * 1000 });
  pool.on('error', (error) => console.warn(`PostgreSQL: ${error.message}`)); // otherwise, connection errors end the process
  return { pool, stores: postgresStores(pool, { schema: 'app_attest', timeout }) };
}

/** Creates or updates the tables. You can also use a migration tool. */
export async function migrate(pool: Pool) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query("SELECT pg_advisory_xact_lock(hashtext('app_attest'))"); // only one server migrates at a time
    await client.query('CREATE SCHEMA IF NOT EXISTS app_attest');
    await client.query('SET LOCAL search_path TO app_attest');
    await client.query('CREATE TABLE IF NOT EXISTS app_attest_migrations (version int PRIMARY KEY)');
    const { rows } = await client.query('SELECT version FROM app_attest_migrations');
    const done = new Set(rows.map(({ version }) => version));
    for (const { version, sql } of migrations.filter((migration) => !done.has(migration.version))) {
      await client.query(sql);
      await client.query('INSERT INTO app_attest_migrations VALUES ($1)', [version]);
    }
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}
