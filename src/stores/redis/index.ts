/**
 * Stores in Redis, on the user's client.
 *
 * @packageDocumentation
 */

export type { IoRedisClient, NodeRedisClient, RedisClient } from './redis-client.js';
export { type RedisStoresOptions, redisStores } from './redis-stores.js';
