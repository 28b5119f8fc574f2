import { Pool } from 'pg';

export const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 10, connectionTimeoutMillis: 2000 });

// Without a listener, a lost connection would end the process.
pool.on('error', (error) => console.warn(`PostgreSQL: ${error.message}`));
