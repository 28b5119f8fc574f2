import { openPostgres } from './postgres.js';
import { openRedis } from './redis.js';

/** Challenges, which live for minutes, in Redis; keys and counters, which must never be lost, in PostgreSQL. */
export async function openBoth(redisUrl: string, postgresUrl: string) {
  const { client, stores: redis } = await openRedis(redisUrl);
  const { pool, stores: postgres } = openPostgres(postgresUrl);
  return { client, pool, stores: { challenges: redis.challenges, keys: postgres.keys } };
}
