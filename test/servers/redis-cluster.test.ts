import { expect, inject, it } from 'vitest';
import { openRedisCluster } from '../../examples/redis-cluster.js';
import { newKey } from '../../src/conformance/new-key.js';
import { newChallenge } from '../../src/server/challenge.js';
import { PATIENCE } from './support/store-kinds.js';

it('a Redis Cluster stores challenges and keys on all its nodes', async () => {
  const { client, stores } = await openRedisCluster(inject('addresses').cluster, PATIENCE);
  const keysOnNodes = async (pattern: string): Promise<number[]> =>
    Promise.all(client.masters.map(async (master) => (await (await client.nodeClient(master)).keys(pattern)).length));

  const issuedAt = new Date();
  const record = { purpose: 'assertion' as const, issuedAt, expiresAt: new Date(issuedAt.getTime() + 60_000) };
  for (let index = 0; index < 50; index += 1) {
    await stores.challenges.put(newChallenge(), record);
    await stores.keys.insert(newKey());
  }
  for (const pattern of ['app-attest:challenge:*', 'app-attest:key:*']) {
    const counts = await keysOnNodes(pattern);
    expect(counts.length).toBe(3);
    for (const count of counts) expect(count).toBeGreaterThan(0);
  }
  client.destroy();
});
