import { AppAttestError } from '../../errors.js';
import { readKnownOptions } from '../../options/known-options.js';
import { readTimeLimit } from '../../runtime/time-limit.js';
import type { Stores } from '../../server/stores.js';
import { RedisChallengeStore } from './redis-challenge-store.js';
import { type RedisClient, scriptClient } from './redis-client.js';
import { RedisKeyStore } from './redis-key-store.js';

/** Options of {@link redisStores}. */
export interface RedisStoresOptions {
  /** The prefix of the names of all Redis keys. `'app-attest:'` by default. */
  prefix?: string | undefined;
  /** How long to wait for a reply from Redis, in seconds, at most 2147483. 5 by default. */
  timeout?: number | undefined;
}

/**
 * Stores in Redis 6 or later, or Valkey, on a client that you have connected: single, Sentinel or cluster.
 *
 * Each method is one Lua script on one Redis key. Redis expires challenges. Keys never expire: a key that Redis loses
 * or evicts is lost for good, so Redis must persist (`appendonly yes`, `appendfsync always`) and must not evict
 * (`maxmemory-policy noeviction`). A failover can lose writes; `docs/stores.md` says which data to keep in Redis.
 *
 * @throws AppAttestError `invalid_argument`
 *
 * @example
 * ```ts
 * const client = await createClient({ url, disableOfflineQueue: true }).connect();
 * const appAttest = createAppAttest({ appId: 'TEAMID1234.com.example.app', ...redisStores(client) });
 * ```
 */
export function redisStores(client: RedisClient, options: RedisStoresOptions = {}): Stores {
  const { prefix = 'app-attest:', timeout = 5 } = readKnownOptions<RedisStoresOptions>('redisStores', options, {
    prefix: 'may be undefined',
    timeout: 'may be undefined',
  });
  if (typeof prefix !== 'string') throw new AppAttestError('invalid_argument', 'prefix must be a string');
  const scripts = scriptClient(client, readTimeLimit('timeout', timeout));
  return { challenges: new RedisChallengeStore(scripts, prefix), keys: new RedisKeyStore(scripts, prefix) };
}
