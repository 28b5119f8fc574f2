import { redisStores } from 'app-attest/redis';
import { Cluster, Redis } from 'ioredis';

// If Redis is unavailable, requests fail immediately. A command that Redis may have executed is not sent again.
const failFast = { maxRetriesPerRequest: 1, autoResendUnfulfilledCommands: false };

export async function openIoRedis(url: string, timeout = 2) {
  const client = new Redis(url, { ...failFast, enableOfflineQueue: false, lazyConnect: true });
  client.on('error', (error) => console.warn(`Redis: ${error.message}`));
  await client.connect();
  return { client, stores: redisStores(client, { timeout }) };
}

export async function openIoRedisCluster(urls: string[], timeout = 2) {
  const client = new Cluster(urls, { enableOfflineQueue: false, lazyConnect: true, redisOptions: failFast });
  client.on('error', (error) => console.warn(`Redis: ${error.message}`));
  await client.connect();
  return { client, stores: redisStores(client, { timeout }) };
}

/** `name` is the name that the setting `sentinel monitor` of Sentinel gives to the primary. */
export async function openIoRedisSentinel(name: string, sentinels: { host: string; port: number }[], timeout = 2) {
  const client = new Redis({ name, sentinels, ...failFast, enableOfflineQueue: false, lazyConnect: true });
  client.on('error', (error) => console.warn(`Redis: ${error.message}`));
  await client.connect();
  return { client, stores: redisStores(client, { timeout }) };
}
