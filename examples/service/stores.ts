import { fileURLToPath } from 'node:url';
import type { ChallengeStore, KeyStore } from 'app-attest/server';
import { migratePostgres, openPostgres } from '../postgres.js';
import { openRedis } from '../redis.js';
import { openSqlite } from '../sqlite.js';

export interface OpenStores {
  /** A description of the stores for the console output. */
  place: string;
  stores: { challenges: ChallengeStore; keys: KeyStore };
  close(): Promise<void>;
}

/** Opens the stores that `REDIS_URL` or `DATABASE_URL` selects. Without these variables, the state is in a file of SQLite. */
export async function openStores(): Promise<OpenStores> {
  const { REDIS_URL, DATABASE_URL } = process.env;
  if (REDIS_URL) {
    const { client, stores } = await openRedis(REDIS_URL);
    return { place: 'Redis', stores, close: () => client.close() };
  }
  if (DATABASE_URL) {
    await migratePostgres(DATABASE_URL);
    const { pool, stores } = openPostgres(DATABASE_URL);
    return { place: 'PostgreSQL', stores, close: () => pool.end() };
  }
  const path = fileURLToPath(new URL('app-attest.db', import.meta.url));
  const { client, stores } = await openSqlite(path);
  return { place: `the SQLite file ${path}`, stores, close: async () => client.close() };
}
