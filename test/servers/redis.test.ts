import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openIoRedis } from '../../examples/ioredis.js';
import { openRedis } from '../../examples/redis.js';
import { storeConformance } from '../../src/conformance/index.js';
import { newKey } from '../../src/conformance/new-key.js';
import { newChallenge } from '../../src/server/challenge.js';
import { redisStores } from '../../src/stores/redis/index.js';
import { RedisServer } from './support/redis-server.js';
import { PATIENCE } from './support/store-kinds.js';

const PREFIX = 'app-attest:';

function record(lifetime: number) {
  const issuedAt = new Date();
  return { purpose: 'assertion' as const, issuedAt, expiresAt: new Date(issuedAt.getTime() + lifetime) };
}

describe('a Redis server', () => {
  let server: RedisServer;
  let first: Awaited<ReturnType<typeof openRedis>>;
  let second: Awaited<ReturnType<typeof openIoRedis>>;
  beforeAll(async () => {
    server = await RedisServer.start();
    first = await openRedis(server.url, PATIENCE);
    second = await openIoRedis(server.url, PATIENCE);
  });
  afterAll(async () => {
    first.client.destroy();
    second.client.disconnect();
    await server.stop();
  });

  it('deletes challenges automatically a minute after they expire, whether they were used or not', async () => {
    const [used, left] = [newChallenge(), newChallenge()];
    for (const challenge of [used, left]) await first.stores.challenges.put(challenge, record(300_000));
    await second.stores.challenges.take(used);
    for (const challenge of [used, left]) {
      const rest = await first.client.pTTL(`${PREFIX}challenge:${challenge}`);
      expect(rest).toBeGreaterThan(350_000);
      expect(rest).toBeLessThanOrEqual(360_000);
    }
  });

  it('reports the state of a challenge for a minute after its expiry', async () => {
    const { challenges } = first.stores;
    const [used, left] = [newChallenge(), newChallenge()];
    for (const challenge of [used, left]) await challenges.put(challenge, record(300_000));
    await challenges.take(used);
    for (const challenge of [used, left]) await first.client.pExpire(`${PREFIX}challenge:${challenge}`, 60_000);
    expect(await challenges.take(left)).toBeUndefined();
    expect(await challenges.fate?.(left)).toBe('expired');
    expect(await challenges.fate?.(used)).toBe('used');
  });

  it('does not make a used challenge valid again if a client repeats the command that stored the challenge', async () => {
    const { challenges } = first.stores;
    const [challenge, put] = [newChallenge(), record(1000)];
    await challenges.put(challenge, put);
    await challenges.take(challenge);
    await challenges.put(challenge, put);
    expect(await challenges.take(challenge)).toBeUndefined();
  });

  it('stores keys without an expiry, under the configured prefix', async () => {
    const key = newKey();
    const { keys } = redisStores(first.client, { prefix: 'our {app}:' });
    await keys.insert(key);
    await keys.advance(key.keyId, 1, 0);
    expect(await first.client.pTTL(`our {app}:key:${key.keyId}`)).toBe(-1);
    expect(await first.stores.keys.find(key.keyId)).toBeUndefined();
  });

  it('receives a script again after the server lost its scripts', async () => {
    const key = newKey();
    await first.stores.keys.insert(key);
    await first.client.scriptFlush();
    expect(await first.stores.keys.advance(key.keyId, 1, 0)).toBe(true);
    await first.client.scriptFlush();
    expect(await second.stores.keys.advance(key.keyId, 1, 0)).toBe(false);
  });

  describe('that servers use through both client packages', () => {
    let turn = 0;
    const nextServer = () => {
      turn += 1;
      return turn % 2 === 0 ? first.stores : second.stores;
    };
    for (const { name, run } of storeConformance(nextServer)) it(name, run);
  });
});

it('a full Redis server rejects requests, and deletes no key', async () => {
  const server = await RedisServer.start('--maxmemory', '4mb');
  onTestFinished(() => server.stop());
  const { client, stores } = await openRedis(server.url, PATIENCE);
  onTestFinished(() => client.destroy());
  const { keys, challenges } = stores;
  const inserted: string[] = [];
  const fill = async () => {
    while (inserted.length < 10_000) {
      const key = newKey();
      await keys.insert(key);
      inserted.push(key.keyId);
    }
  };
  await expect(fill()).rejects.toThrow('OOM');
  await client.configSet('maxmemory', '1mb');
  const [first = ''] = inserted;
  await expect(keys.advance(first, 1, 0)).rejects.toThrow('OOM');
  await expect(challenges.put(newChallenge(), record(1000))).rejects.toThrow('OOM');
  for (const keyId of inserted) expect((await keys.find(keyId))?.counter).toBe(0);
});
