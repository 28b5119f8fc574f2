import { openPostgres } from './postgres.js';
import { openRedis } from './redis.js';

/** Redis stores challenges, which expire after minutes. PostgreSQL stores keys and counters, which must not be lost. */
export async function openBoth(redisUrl: string, postgresUrl: string, timeout?: number) {
  const { client, stores: redis } = await openRedis(redisUrl, timeout);
  const { pool, stores: postgres } = openPostgres(postgresUrl, timeout);
  return { client, pool, stores: { challenges: redis.challenges, keys: postgres.keys } };
}
