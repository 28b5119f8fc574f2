import { Pool } from 'pg';

/** Lambda starts one process for each concurrent request, and a request sends at most two queries at the same time. */
export const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 2, connectionTimeoutMillis: 2000 });

// Connections can be lost while Lambda suspends the process. Without a listener, a lost connection would end the process.
pool.on('error', (error) => console.warn(`PostgreSQL: ${error.message}`));
