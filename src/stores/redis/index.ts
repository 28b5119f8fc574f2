/**
 * Stores in Redis, on the user's client.
 *
 * @module app-attest/redis
 */

export type { IoRedisClient, NodeRedisClient, RedisClient } from './redis-client.js';
export { type RedisStoresOptions, redisStores } from './redis-stores.js';
