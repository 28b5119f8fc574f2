import { redisStores } from 'app-attest/redis';
import { createSentinel } from 'redis';

/** `name` is the name that the setting `sentinel monitor` of Sentinel gives to the primary. */
export async function openRedisSentinel(name: string, sentinels: { host: string; port: number }[], timeout = 2) {
  const nodeClientOptions = { disableOfflineQueue: true };
  const client = createSentinel({ name, sentinelRootNodes: sentinels, nodeClientOptions });
  client.on('error', (error) => console.warn(`Redis: ${error.message}`));
  await client.connect();
  return { client, stores: redisStores(client, { timeout }) };
}
