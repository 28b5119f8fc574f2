import { AppAttestError } from '../../errors.js';
import { readKnownOptions } from '../../options/known-options.js';
import { readTimeLimit } from '../../runtime/time-limit.js';
import type { ChallengeStore } from '../../server/challenge-store.js';
import type { KeyStore } from '../../server/key-store.js';
import { RedisChallengeStore } from './redis-challenge-store.js';
import { type RedisClient, scriptClient } from './redis-client.js';
import { RedisKeyStore } from './redis-key-store.js';

/** Options of {@link redisStores}: where they keep their data, and how long they wait. */
export interface RedisStoresOptions {
  /** What the names of all Redis keys begin with. `'app-attest:'` by default. */
  prefix?: string | undefined;
  /** How long to wait for an answer of Redis, in seconds, at most 2147483. 5 by default. */
  timeout?: number | undefined;
}

/**
 * Stores in Redis 6 or later, or Valkey, on a client that the user has connected: single, sentinel or cluster.
 *
 * Each method is one Lua script on one Redis key. Challenges expire by Redis. Keys never do: what Redis forgets or evicts
 * is lost, so the server must persist (`appendonly yes`, `appendfsync always`) and must not evict (`maxmemory-policy
 * noeviction`). What a failover loses, only Redis knows: `docs/stores.md` says what to keep where.
 *
 * @throws AppAttestError `invalid_argument`
 *
 * @example
 * ```ts
 * const client = await createClient({ url, disableOfflineQueue: true }).connect();
 * const appAttest = createAppAttest({ appId: 'TEAMID1234.com.example.app', ...redisStores(client) });
 * ```
 */
export function redisStores(
  client: RedisClient,
  options: RedisStoresOptions = {},
): { challenges: ChallengeStore; keys: KeyStore } {
  const { prefix = 'app-attest:', timeout = 5 } = readKnownOptions<RedisStoresOptions>('redisStores', options, {
    prefix: 'may be undefined',
    timeout: 'may be undefined',
  });
  if (typeof prefix !== 'string') throw new AppAttestError('invalid_argument', 'prefix must be text');
  const scripts = scriptClient(client, readTimeLimit('timeout', timeout));
  return { challenges: new RedisChallengeStore(scripts, prefix), keys: new RedisKeyStore(scripts, prefix) };
}
