import { redisStores } from 'app-attest/redis';
import { createClient } from 'redis';

export async function openRedis(url: string, timeout = 2) {
  // While Redis is unavailable, requests fail at once instead of waiting in the client.
  const client = createClient({ url, disableOfflineQueue: true });
  client.on('error', (error) => console.warn(`Redis: ${error.message}`)); // else a lost connection ends the process
  await client.connect();
  return { client, stores: redisStores(client, { timeout }) };
}
