import { AppAttestError } from '../../errors.js';
import { readKnownOptions } from '../../options/known-options.js';
import { readTimeLimit } from '../../runtime/time-limit.js';
import type { Stores } from '../../server/stores.js';
import { RedisChallengeStore } from './redis-challenge-store.js';
import { type RedisClient, scriptClient } from './redis-client.js';
import { RedisKeyStore } from './redis-key-store.js';

/** Options of {@link redisStores}. */
export interface RedisStoresOptions {
  /** The prefix of all Redis keys. `'app-attest:'` by default. */
  prefix?: string | undefined;
  /** The time limit for a reply from Redis, in seconds. 5 by default, at most 2147483. */
  timeout?: number | undefined;
}

/**
 * Creates stores in Redis 6 or later, or in Valkey. Pass a connected client for a single server, Sentinel or a cluster.
 *
 * Each method runs Lua scripts, and each script uses one Redis key. Redis deletes expired challenges. Attested keys never
 * expire. If Redis loses or evicts an attested key, the key is lost permanently. So configure Redis to persist data
 * (`appendonly yes`, `appendfsync always`) and not to evict data (`maxmemory-policy noeviction`).
 *
 * A failover can still lose writes. So if you use only Redis, use one server for challenges and another server for keys.
 * `docs/stores.md` describes the settings of both servers.
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
