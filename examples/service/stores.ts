import { type ChallengeStore, type KeyStore, memoryStores } from 'app-attest/server';
import { migratePostgres, openPostgres } from '../postgres.js';
import { openRedis } from '../redis.js';

export interface OpenStores {
  /** A description of the stores for the console output. */
  place: string;
  stores: { challenges: ChallengeStore; keys: KeyStore };
  close(): Promise<void>;
}

/** Opens the stores that `REDIS_URL` or `DATABASE_URL` selects. Without these variables, the state is in memory. */
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
  return { place: 'the memory of this process', stores: memoryStores(), close: async () => undefined };
}
