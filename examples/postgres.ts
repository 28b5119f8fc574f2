import { migrate, postgresStores, prepared } from 'app-attest/postgres';
import { Client, Pool } from 'pg';

export function openPostgres(connectionString: string, timeout = 2) {
  // The pool and the stores have the same time limit. After this time, the pool closes a connection that does not respond.
  const pool = new Pool({ connectionString, connectionTimeoutMillis: timeout * 1000, query_timeout: timeout * 1000 });
  pool.on('error', (error) => console.warn(`PostgreSQL: ${error.message}`)); // otherwise, connection errors end the process
  // Without prepared(), the stores also work behind PgBouncer before 1.21.
  return { pool, stores: postgresStores(prepared(pool), { schema: 'app_attest', timeout }) };
}

/** Creates or updates the tables, on a connection without a time limit. */
export async function migratePostgres(connectionString: string) {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    await migrate(client, { schema: 'app_attest' });
  } finally {
    await client.end();
  }
}
