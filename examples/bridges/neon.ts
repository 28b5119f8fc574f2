import { Pool } from '@neondatabase/serverless';
import { postgresStores, prepared } from 'app-attest/postgres';

/** The pool of Neon is a pool of the package pg whose connections run through WebSockets. So the stores accept it. */
export function openNeon(connectionString: string, timeout = 2) {
  // After this time, the pool closes a connection that does not respond.
  const pool = new Pool({ connectionString, connectionTimeoutMillis: timeout * 1000, query_timeout: timeout * 1000 });
  pool.on('error', (error: Error) => console.warn(`Neon: ${error.message}`)); // otherwise, connection errors end the process
  return { pool, stores: postgresStores(prepared(pool), { schema: 'app_attest', timeout }) };
}
