import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openTwoRedisServers } from '../../examples/redis-two-servers.js';
import { storeConformance } from '../../src/conformance/index.js';
import { backendWithDevice, createBackend, signedRequest } from '../support/backend.js';
import { expectCode } from '../support/rejection.js';
import { RedisPair } from './support/redis-pair.js';
import { RedisServer } from './support/redis-server.js';
import { PATIENCE } from './support/store-kinds.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** Starts a server of challenges without persistence. A replica of the server of keys can take over. */
async function startServers() {
  const challenges = await RedisServer.start('--appendonly', 'no');
  closing.push(() => challenges.stop());
  const keys = await RedisPair.start('redis-server');
  closing.push(() => keys.stop());
  return { challenges, keys };
}

async function storesOn(challenges: RedisServer, keys: RedisServer) {
  const { clients, stores } = await openTwoRedisServers(challenges.url, keys.url, PATIENCE);
  for (const client of clients) closing.push(() => client.destroy());
  return stores;
}

describe('stores on two Redis servers', () => {
  describe('that are both available', () => {
    let opened: Awaited<ReturnType<typeof openTwoRedisServers>>;
    let servers: RedisServer[];
    beforeAll(async () => {
      servers = await Promise.all([RedisServer.start('--appendonly', 'no'), RedisServer.start()]);
      const [challenges = '', keys = ''] = servers.map(({ url }) => url);
      opened = await openTwoRedisServers(challenges, keys, PATIENCE);
    });
    afterAll(async () => {
      for (const client of opened.clients) client.destroy();
      await Promise.all(servers.map((server) => server.stop()));
    });

    for (const { name, run } of storeConformance(() => opened.stores)) it(name, run);

    it('keep challenges only on the first server, and keys only on the second server', async () => {
      const [challenges, keys] = await Promise.all(opened.clients.map((client) => client.keys('*')));
      const isChallenge = (name: string): boolean => name.startsWith('app-attest:challenge:');
      expect(challenges?.filter(isChallenge).length).toBeGreaterThan(0);
      expect(challenges?.every(isChallenge)).toBe(true);
      expect(keys?.length).toBeGreaterThan(0);
      expect(keys?.some(isChallenge)).toBe(false);
    });
  });

  it('reject a recorded request after a failover that loses the counter, because the challenge is used', async () => {
    const { challenges, keys } = await startServers();
    const { backend, keyId, request } = await backendWithDevice(await storesOn(challenges, keys.primary));
    const recorded = await request();
    await keys.separate();
    await backend.authenticate(recorded);

    const after = createBackend(await storesOn(challenges, await keys.promote()));
    expect((await after.key(keyId))?.counter).toBe(0);
    await expectCode(() => after.authenticate(recorded), 'challenge_used');
  });

  it('lose a revocation that the new server of keys has not received before a failover', async () => {
    const { challenges, keys } = await startServers();
    const { backend, device, keyId } = await backendWithDevice(await storesOn(challenges, keys.primary));
    await keys.separate();
    await backend.revoke(keyId);

    const after = createBackend(await storesOn(challenges, await keys.promote()));
    await after.authenticate(await signedRequest(after, device, keyId));
  });

  it('lose only challenges when the server of challenges is killed', async () => {
    const { challenges, keys } = await startServers();
    const { backend, keyId, request } = await backendWithDevice(await storesOn(challenges, keys.primary));
    const [used, unused] = [await request(), await request()];
    await backend.authenticate(used);
    await challenges.restart('SIGKILL');

    const after = createBackend(await storesOn(challenges, keys.primary));
    for (const body of [used, unused]) await expectCode(() => after.authenticate(body), 'challenge_unknown');
    expect((await after.key(keyId))?.counter).toBe(1);
  });
});
