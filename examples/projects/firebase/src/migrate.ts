import { migrate } from 'app-attest/postgres';
import { pool } from './database.js';

// Run this script when you deploy, not in the function.
await migrate(pool);
await pool.end();
