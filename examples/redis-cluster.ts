import { redisStores } from 'app-attest/redis';
import { createCluster } from 'redis';

export async function openRedisCluster(urls: string[], timeout = 2) {
  const rootNodes = urls.map((url) => ({ url }));
  const client = createCluster({ rootNodes, defaults: { disableOfflineQueue: true } });
  client.on('error', (error) => console.warn(`Redis: ${error.message}`));
  await client.connect();
  return { client, stores: redisStores(client, { timeout }) };
}
