import { openIoRedis, openIoRedisCluster } from '../../../examples/ioredis.js';
import { openRedis } from '../../../examples/redis.js';
import { openRedisCluster } from '../../../examples/redis-cluster.js';
import type { KeyStore } from '../../../src/server/key-store.js';
import { redisStores } from '../../../src/stores/redis/index.js';
import { type Addresses, PATIENCE } from './store-kinds.js';

/** Each kind of Redis with each kind of client. */
export const redisKinds = ['redis', 'ioredis', 'redis cluster', 'ioredis cluster'] as const;

export type RedisKind = (typeof redisKinds)[number];

/** Opens a key store with a prefix, so that tests do not see the keys of other tests. */
export async function openRedisKeys(
  kind: RedisKind,
  addresses: Addresses,
  prefix: string,
): Promise<{ keys: KeyStore; close: () => void }> {
  const options = { prefix, timeout: PATIENCE };
  switch (kind) {
    case 'redis': {
      const { client } = await openRedis(addresses.redis);
      return { keys: redisStores(client, options).keys, close: () => client.destroy() };
    }
    case 'ioredis': {
      const { client } = await openIoRedis(addresses.redis);
      return { keys: redisStores(client, options).keys, close: () => client.disconnect() };
    }
    case 'redis cluster': {
      const { client } = await openRedisCluster(addresses.cluster);
      return { keys: redisStores(client, options).keys, close: () => client.destroy() };
    }
    case 'ioredis cluster': {
      const { client } = await openIoRedisCluster(addresses.cluster);
      return { keys: redisStores(client, options).keys, close: () => client.disconnect() };
    }
  }
}
