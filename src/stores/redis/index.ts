/**
 * Stores in Redis, on a client that you provide.
 *
 * @module app-attest/redis
 */

export type { IoRedisClient, NodeRedisClient, RedisClient } from './redis-client.js';
export { type RedisStoresOptions, redisStores } from './redis-stores.js';
