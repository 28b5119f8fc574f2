import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openRedis } from '../../examples/redis.js';
import { openRedisCluster } from '../../examples/redis-cluster.js';
import { newKey } from '../../src/conformance/new-key.js';
import type { KeyStore } from '../../src/server/key-store.js';
import type { NewKey } from '../../src/server/stored-key.js';
import { redisStores } from '../../src/stores/redis/index.js';
import { expectConsistent } from './support/expect-consistent.js';
import { InterruptedClient, type LastScript } from './support/interrupted-client.js';
import { PATIENCE } from './support/store-kinds.js';

const at = (minutes: number) => new Date(Date.UTC(2026, 0, 1, 0, minutes));
const CLAIM_ENDS = at(105);
const [USER, OTHER_USER] = ['user', 'another user'];

interface Method {
  /** The properties of the key before the call. If absent, the key is not registered. */
  before?: Partial<NewKey>;
  prepare?: (keys: KeyStore, key: NewKey) => Promise<unknown>;
  call: (keys: KeyStore, key: NewKey) => Promise<unknown>;
  /** Whether the call or `prepare` may claim the key until `CLAIM_ENDS`. */
  isClaimed?: boolean;
  /** The number of scripts that the call sends at least. The tests interrupt the call at each of these scripts. */
  scripts: number;
}

const METHODS: Record<string, Method> = {
  insert: {
    call: (keys, key) => keys.insert({ ...key, subject: USER, receiptDueAt: at(100) }),
    scripts: 4,
  },
  'insert of a key without a user': { call: (keys, key) => keys.insert(key), scripts: 2 },
  'insert after a removal': {
    before: { subject: OTHER_USER, receiptDueAt: at(50) },
    prepare: (keys, { keyId }) => keys.remove(keyId),
    call: (keys, key) => keys.insert({ ...key, subject: USER, receiptDueAt: at(100) }),
    scripts: 4,
  },
  'insert of a registered key': {
    before: { subject: OTHER_USER, receiptDueAt: at(50) },
    call: (keys, key) => keys.insert({ ...key, subject: USER, receiptDueAt: at(100) }),
    scripts: 1,
  },
  bind: { before: {}, call: (keys, { keyId }) => keys.bind(keyId, USER), scripts: 3 },
  'bind to another user': {
    before: { subject: OTHER_USER },
    call: (keys, { keyId }) => keys.bind(keyId, USER),
    scripts: 1,
  },
  remove: {
    before: { subject: USER, receiptDueAt: at(100) },
    call: (keys, { keyId }) => keys.remove(keyId),
    scripts: 3,
  },
  revoke: {
    before: { subject: USER, receiptDueAt: at(100) },
    call: (keys, { keyId }) => keys.revoke(keyId),
    scripts: 1,
  },
  'list with an entry of a removed key': {
    before: { subject: USER },
    prepare: async (keys, key) => {
      await keys.insert({ ...newKey(), subject: USER });
      await keys.remove(key.keyId);
    },
    call: (keys) => keys.list(USER, { limit: 10 }),
    scripts: 2,
  },
  'saveReceipt with a later date': {
    before: { receiptDueAt: at(100) },
    prepare: (keys) => keys.due(at(100), 1, CLAIM_ENDS),
    isClaimed: true,
    call: (keys, { keyId }) =>
      keys.saveReceipt(keyId, { receiptDueAt: at(200), receipt: Uint8Array.of(2), riskMetric: 1 }),
    scripts: 2,
  },
  'saveReceipt with an earlier date': {
    before: { receiptDueAt: at(100) },
    call: (keys, { keyId }) => keys.saveReceipt(keyId, { receiptDueAt: at(50) }),
    scripts: 5,
  },
  'saveReceipt with a first date': {
    before: {},
    call: (keys, { keyId }) => keys.saveReceipt(keyId, { receiptDueAt: at(50) }),
    scripts: 4,
  },
  'saveReceipt without a date': {
    before: { receiptDueAt: at(100) },
    call: (keys, { keyId }) => keys.saveReceipt(keyId, { receiptDueAt: null }),
    scripts: 2,
  },
  due: {
    before: { receiptDueAt: at(100) },
    call: (keys) => keys.due(at(100), 10, CLAIM_ENDS),
    isClaimed: true,
    scripts: 2,
  },
};

const clients = {
  Redis: async () => (await openRedis(inject('addresses').redis, PATIENCE)).client,
  'Redis Cluster': async () => (await openRedisCluster(inject('addresses').cluster, PATIENCE)).client,
};

describe.each(['Redis', 'Redis Cluster'] as const)('a process that uses %s and is killed', (kind) => {
  let client: Awaited<ReturnType<(typeof clients)[typeof kind]>>;
  beforeAll(async () => {
    client = await clients[kind]();
  });
  afterAll(() => client.destroy());

  /** Opens separate stores, calls a method with a key, and interrupts the call. */
  async function interrupted({ before, prepare, call }: Method, scripts: number, last: LastScript) {
    const prefix = `${randomBytes(9).toString('base64url')}:`;
    const { keys } = redisStores(client, { prefix, timeout: PATIENCE });
    const key = newKey(before);
    if (before) expect(await keys.insert(key)).toBe(true);
    await prepare?.(keys, key);
    const killed = new InterruptedClient(client, scripts, last);
    await call(redisStores(killed, { prefix, timeout: PATIENCE }).keys, key).catch(String);
    return { prefix, keys, key, isInterrupted: killed.isInterrupted };
  }

  /** Deletes the Redis key if no registration is stored in it. Redis deletes such a key after a minute. */
  async function expireReservation(redisKey: string): Promise<void> {
    if (!(await client.hExists(redisKey, 'registration'))) await client.del(redisKey);
  }

  describe.each(Object.entries(METHODS))('during %s', (_, method) => {
    const { isClaimed = false } = method;

    it.each(['is not sent', 'runs, and its reply is lost'] as const)(
      'leaves correct lists of keys and correct due receipts if the last script %s',
      async (last) => {
        let scripts = 0;
        for (; ; scripts += 1) {
          const { keys, key, prefix, isInterrupted } = await interrupted(method, scripts, last);
          if (!isInterrupted) break;
          const [found] = await expectConsistent(keys, [key.keyId], [OTHER_USER]);
          const other = await keys.list(USER, { limit: 10 });
          expect(other.some(({ keyId }) => keyId === key.keyId)).toBe(found?.subject === USER);

          // If the key is not registered, it can be registered. It is then listed and due.
          const again = { ...key, subject: found?.subject ?? USER, receiptDueAt: at(300) };
          expect(await keys.insert(again)).toBe(found === undefined);
          await keys.bind(key.keyId, again.subject);
          await keys.saveReceipt(key.keyId, { receiptDueAt: at(300) });
          const listed = await keys.list(again.subject, { limit: 10 });
          expect(listed.filter(({ keyId }) => keyId === key.keyId).length).toBe(1);
          expect(await keys.due(at(299), 10, at(300))).toEqual([]);
          expect(await keys.due(at(300), 10, at(301))).toEqual(
            (await keys.find(key.keyId))?.revokedAt ? [] : [key.keyId],
          );

          // After all keys are removed, the indexes are empty.
          for (const user of [USER, OTHER_USER]) {
            for (const { keyId } of await keys.list(user, { limit: 10 })) await keys.remove(keyId);
          }
          await expireReservation(`${prefix}key:${key.keyId}`);
          await expectConsistent(keys, [key.keyId], [USER, OTHER_USER]);
          expect(await client.exists(`${prefix}due-receipts`)).toBe(0);
        }
        expect(scripts).toBeGreaterThanOrEqual(method.scripts);
      },
    );

    it.each(['is not sent', 'runs, and its reply is lost'] as const)(
      'leaves no key that becomes due later than its stored due date or the end of its claim if the last script %s',
      async (last) => {
        for (let scripts = 0; ; scripts += 1) {
          const { keys, key, isInterrupted } = await interrupted(method, scripts, last);
          if (!isInterrupted) break;
          const found = await keys.find(key.keyId);
          if (!found?.receiptDueAt || found.revokedAt) continue;
          const { receiptDueAt } = found;
          const date = isClaimed && receiptDueAt < CLAIM_ENDS ? CLAIM_ENDS : receiptDueAt;
          expect(await keys.due(new Date(receiptDueAt.getTime() - 1), 10, receiptDueAt)).toEqual([]);
          expect(await keys.due(date, 10, at(1000))).toEqual([key.keyId]);
          expect(await keys.due(date, 10, at(1000))).toEqual([]);
        }
      },
    );
  });

  it('during an insertion leaves no data after a minute', async () => {
    const method: Method = {
      call: (keys, key) => keys.insert({ ...key, subject: USER, receiptDueAt: at(1) }),
      scripts: 4,
    };
    for (let scripts = 1; scripts < 4; scripts += 1) {
      const { keys, key, prefix } = await interrupted(method, scripts, 'is not sent');
      const redisKey = `${prefix}key:${key.keyId}`;
      // Other processes cannot know that the insertion will not continue.
      expect(await keys.list(USER, { limit: 10 })).toEqual([]);
      expect(await keys.due(at(2), 10, at(3))).toEqual([]);
      expect(await client.pTTL(redisKey)).toBeGreaterThan(30_000);
      expect(await client.pTTL(redisKey)).toBeLessThanOrEqual(60_000);
      for (const call of [keys.find(key.keyId), keys.receipt(key.keyId)]) expect(await call).toBeUndefined();
      for (const call of [keys.revoke(key.keyId), keys.bind(key.keyId, USER), keys.remove(key.keyId)]) {
        expect(await call).toBe(false);
      }
      expect(await keys.advance(key.keyId, 1, 0)).toBe(false);
      expect(await keys.saveReceipt(key.keyId, { receiptDueAt: at(1) })).toBe(false);
      await expireReservation(redisKey);
      await expectConsistent(keys, [key.keyId], [USER]);
      for (const name of [redisKey, `${prefix}due-receipts`]) expect(await client.exists(name)).toBe(0);
    }
  });
});
