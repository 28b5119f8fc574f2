import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openRedis } from '../../examples/redis.js';
import { newKey } from '../../src/conformance/new-key.js';
import { newChallenge } from '../../src/server/challenge.js';
import type { KeyStore } from '../../src/server/key-store.js';
import { type NodeRedisClient, redisStores } from '../../src/stores/redis/index.js';
import { expectConsistent } from './support/expect-consistent.js';
import { PATIENCE } from './support/store-kinds.js';

const at = (minutes: number) => new Date(Date.UTC(2026, 0, 1, 0, minutes));
const USERS = ['user', 'another user'];

/**
 * A client that calls `meanwhile` before its nth script. If `isSentTwice` is true, it sends this script twice: before and after
 * `meanwhile`.
 */
class InterleavedClient implements NodeRedisClient {
  readonly #client: NodeRedisClient;
  readonly #meanwhile: () => Promise<unknown>;
  readonly #isSentTwice: boolean;
  #left: number;

  constructor(client: NodeRedisClient, nth: number, meanwhile: () => Promise<unknown>, isSentTwice: boolean) {
    this.#client = client;
    this.#left = nth;
    this.#meanwhile = meanwhile;
    this.#isSentTwice = isSentTwice;
  }

  async evalSha(_: string): Promise<never> {
    throw new Error('NOSCRIPT');
  }

  async eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown> {
    this.#left -= 1;
    if (this.#left === 0) {
      if (this.#isSentTwice) await this.#client.eval(script, options);
      await this.#meanwhile();
    }
    return this.#client.eval(script, options);
  }
}

describe('a method of the Redis key store', () => {
  let client: Awaited<ReturnType<typeof openRedis>>['client'];
  beforeAll(async () => {
    client = (await openRedis(inject('addresses').redis, PATIENCE)).client;
  });
  afterAll(() => client.destroy());

  /** Creates two key stores on the same data. Before `keys` sends its nth script, `meanwhile` uses the other key store. */
  function open(nth: number, meanwhile: (other: KeyStore) => Promise<unknown>, isSentTwice = false) {
    const options = { prefix: `${newChallenge()}:`, timeout: PATIENCE };
    const { keys: other } = redisStores(client, options);
    const interrupted = new InterleavedClient(client, nth, () => meanwhile(other), isSentTwice);
    return { keys: redisStores(interrupted, options).keys, other };
  }

  const look = async (keys: KeyStore) => {
    for (const user of USERS) await keys.list(user, { limit: 10 });
    await keys.due(at(100), 10, at(105));
  };

  it.each([1, 2, 3, 4])(
    'keeps the index entries of a key that it inserts if another server lists and claims keys before script %i',
    async (nth) => {
      const key = newKey({ subject: 'user', receiptDueAt: at(1) });
      const { keys, other } = open(nth, look);
      expect(await keys.insert(key)).toBe(true);
      expect((await expectConsistent(other, [key.keyId], USERS)).length).toBe(1);
    },
  );

  it.each([2, 3, 4])(
    'adds the index entries of a key again if another server inserts and removes the key before script %i',
    async (nth) => {
      const key = newKey({ subject: 'user', receiptDueAt: at(1) });
      const { keys, other } = open(nth, async (second) => {
        await second.insert({ ...key, subject: 'another user' });
        await look(second);
        await second.remove(key.keyId);
      });
      expect(await keys.insert(key)).toBe(true);
      const [inserted] = await expectConsistent(other, [key.keyId], USERS);
      expect(inserted?.subject).toBe('user');
    },
  );

  it.each([2, 3, 4])(
    'does not change a registration that another server stores for another user before script %i',
    async (nth) => {
      const key = newKey({ subject: 'user', receiptDueAt: at(1) });
      const { keys, other } = open(nth, (second) => second.insert({ ...key, subject: 'another user' }));
      expect(await keys.insert(key)).toBe(false);
      const [inserted] = await expectConsistent(other, [key.keyId], USERS);
      expect(inserted?.subject).toBe('another user');
    },
  );

  it.each([1, 2, 3])(
    'does not revoke or remove a key that another server removes and registers for another user before script %i',
    async (nth) => {
      const calls = [
        (keys: KeyStore, keyId: string) => keys.revoke(keyId, at(1), 'user'),
        (keys: KeyStore, keyId: string) => keys.remove(keyId, 'user'),
      ];
      for (const call of calls) {
        const key = newKey({ subject: 'user', receiptDueAt: at(1) });
        let hasPassed = false;
        const { keys, other } = open(nth, async (second) => {
          await second.remove(key.keyId);
          await second.insert({ ...key, subject: 'another user' });
          hasPassed = true;
        });
        await other.insert(key);
        expect(await call(keys, key.keyId)).toBe(nth > 1);
        const [found] = await expectConsistent(other, [key.keyId], USERS);
        if (hasPassed) expect(found).toMatchObject({ subject: 'another user' });
        if (hasPassed) expect(found).not.toHaveProperty('revokedAt');
      }
    },
  );

  it.each([1, 2, 3])(
    'keeps the index entry of a key that it binds if another server lists and claims keys before script %i',
    async (nth) => {
      const key = newKey();
      const { keys, other } = open(nth, look);
      await other.insert(key);
      expect(await keys.bind(key.keyId, 'user')).toBe(true);
      const [bound] = await expectConsistent(other, [key.keyId], USERS);
      expect(bound?.subject).toBe('user');
    },
  );

  it.each([1, 2, 3])('binds a key that another server removes and registers again before script %i', async (nth) => {
    const key = newKey();
    const { keys, other } = open(nth, async (second) => {
      await second.remove(key.keyId);
      await second.insert(key);
      await look(second);
    });
    await other.insert(key);
    expect(await keys.bind(key.keyId, 'user')).toBe(true);
    const [bound] = await expectConsistent(other, [key.keyId], USERS);
    expect(bound?.subject).toBe('user');
  });

  it.each([1, 2, 3, 4, 5])(
    'stores an earlier due date although another server claims due keys before script %i',
    async (nth) => {
      for (const receiptDueAt of [at(200), undefined]) {
        const key = newKey(receiptDueAt ? { receiptDueAt } : {});
        const { keys, other } = open(nth, look);
        await other.insert(key);
        expect(await keys.saveReceipt(key.keyId, { receiptDueAt: at(50) })).toBe(true);
        expect(await other.due(at(105), 10, at(110))).toEqual([key.keyId]);
      }
    },
  );

  it.each([1, 2, 3, 4])(
    'stores a due date although another server deletes the due date before script %i',
    async (nth) => {
      const key = newKey();
      const { keys, other } = open(nth, (second) => second.saveReceipt(key.keyId, { receiptDueAt: null }));
      await other.insert(key);
      expect(await keys.saveReceipt(key.keyId, { receiptDueAt: at(50) })).toBe(true);
      await expectConsistent(other, [key.keyId], USERS);
    },
  );

  it('does not claim a key if another server stores a later due date before this server reads the key', async () => {
    const key = newKey({ receiptDueAt: at(100) });
    const { keys, other } = open(2, (second) => second.saveReceipt(key.keyId, { receiptDueAt: at(200) }));
    await other.insert(key);
    expect(await keys.due(at(100), 10, at(105))).toEqual([]);
    expect(await other.due(at(199), 10, at(205))).toEqual([]);
    expect(await other.due(at(200), 10, at(205))).toEqual([key.keyId]);
  });

  it('keeps the claim of another server while it repairs the score of a key that is due later', async () => {
    const key = newKey({ receiptDueAt: at(100) });
    const { keys, other } = open(3, async (second) => {
      expect(await second.due(at(110), 10, at(300))).toEqual([key.keyId]);
    });
    await other.insert(key);
    // This claim ends before the due date of the key, so the score in the index is now too early.
    await other.due(at(100), 10, at(50));
    expect(await keys.due(at(60), 10, at(70))).toEqual([]);
    expect(await other.due(at(299), 10, at(305))).toEqual([]);
    expect(await other.due(at(300), 10, at(305))).toEqual([key.keyId]);
  });

  it.each([1, 2, 3, 4])('has the same result if a client sends script %i twice', async (nth) => {
    const key = newKey({ subject: 'user', receiptDueAt: at(1) });
    const { keys, other } = open(nth, async () => undefined, true);
    expect(await keys.insert(key)).toBe(true);
    expect((await expectConsistent(other, [key.keyId], USERS)).length).toBe(1);
  });

  it('binds a key that is revoked before a client sends the last script again', async () => {
    const key = newKey();
    const { keys, other } = open(3, (second) => second.revoke(key.keyId), true);
    await other.insert(key);
    expect(await keys.bind(key.keyId, 'user')).toBe(true);
    const [bound] = await expectConsistent(other, [key.keyId], USERS);
    expect(bound?.subject).toBe('user');
  });
});
