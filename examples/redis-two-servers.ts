import { openRedis } from './redis.js';

/** One server stores challenges, and another server stores keys. A failure of one server does not affect the data of the other. */
export async function openTwoRedisServers(challengesUrl: string, keysUrl: string, timeout?: number) {
  const forChallenges = await openRedis(challengesUrl, timeout);
  const forKeys = await openRedis(keysUrl, timeout);
  const stores = { challenges: forChallenges.stores.challenges, keys: forKeys.stores.keys };
  return { clients: [forChallenges.client, forKeys.client], stores };
}
