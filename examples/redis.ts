import { redisStores } from 'app-attest/redis';
import { createClient } from 'redis';

export async function openRedis(url: string, timeout = 2) {
  // If Redis is unavailable, requests fail immediately. By default, they would wait in the client.
  const client = createClient({ url, disableOfflineQueue: true });
  client.on('error', (error) => console.warn(`Redis: ${error.message}`)); // otherwise, connection errors end the process
  await client.connect();
  return { client, stores: redisStores(client, { timeout }) };
}
