import { openPostgres } from './postgres.js';
import { openRedis } from './redis.js';

/** Challenges live for minutes: Redis. Keys and counters must never be lost: PostgreSQL. */
export async function openBoth(redisUrl: string, postgresUrl: string, timeout?: number) {
  const { client, stores: redis } = await openRedis(redisUrl, timeout);
  const { pool, stores: postgres } = openPostgres(postgresUrl, timeout);
  return { client, pool, stores: { challenges: redis.challenges, keys: postgres.keys } };
}
