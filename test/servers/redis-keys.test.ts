import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { openRedis } from '../../examples/redis.js';
import { newKey } from '../../src/conformance/new-key.js';
import type { KeyStore } from '../../src/server/key-store.js';
import { redisStores } from '../../src/stores/redis/index.js';
import { Random } from '../support/random.js';
import { expectConsistent } from './support/expect-consistent.js';
import { openRedisKeys } from './support/redis-keys.js';
import { PATIENCE } from './support/store-kinds.js';

const at = (minutes: number) => new Date(Date.UTC(2026, 0, 1, 0, minutes));
const random = new Random();

function newPrefix(): string {
  return `${randomBytes(9).toString('base64url')}:`;
}

describe.each([
  ['redis', 'ioredis'],
  ['redis cluster', 'ioredis cluster'],
] as const)('keys that two servers, with the clients %s and %s, use at the same time', (...kinds) => {
  /** Opens a key store with each client. Returns a function that selects one of the two key stores by an index. */
  async function openServers(): Promise<(index: number) => KeyStore> {
    const prefix = newPrefix();
    const servers = await Promise.all(kinds.map((kind) => openRedisKeys(kind, inject('addresses'), prefix)));
    for (const { close } of servers) onTestFinished(close);
    return (index) => {
      const server = servers[index % 2];
      if (!server) throw new Error('expected two key stores');
      return server.keys;
    };
  }

  it('have correct index entries after 200 simultaneous calls that insert, remove, list and claim one key', async () => {
    const server = await openServers();
    const { keyId } = newKey();
    const users = ['one', 'two'];
    for (let round = 0; round < 10; round += 1) {
      const present = (await server(round).find(keyId)) ? 1 : 0;
      let [inserted, removed] = [0, 0];
      const calls: ((keys: KeyStore) => Promise<unknown>)[] = [
        async (keys) => {
          const key = newKey({ keyId, subject: random.pick(users), receiptDueAt: at(0) });
          if (await keys.insert(key)) inserted += 1;
        },
        async (keys) => {
          if (await keys.remove(keyId)) removed += 1;
        },
        (keys) => keys.list(random.pick(users), { limit: 10 }),
        (keys) => keys.due(at(0), 10, at(5)),
      ];
      await Promise.all(Array.from({ length: 200 }, (_, index) => random.pick(calls)(server(index))));
      expect(inserted).toBeGreaterThan(0);
      const existing = await expectConsistent(server(round), [keyId], users);
      expect(existing.length).toBe(present + inserted - removed);
    }
  });

  it('are each claimed by one of 200 simultaneous calls if they are due, and neither removed nor revoked', async () => {
    const server = await openServers();
    const keys = Array.from({ length: 300 }, (_, index) => newKey({ receiptDueAt: at(index) }));
    await Promise.all(keys.map((key, index) => server(index).insert(key)));
    const due = new Set(keys.map(({ keyId }) => keyId));
    await Promise.all(
      keys.map(async ({ keyId }, index) => {
        if (index % 5 === 0) return;
        if (index % 5 === 1) await server(index).remove(keyId);
        if (index % 5 === 2) await server(index).revoke(keyId);
        if (index % 5 === 3) await server(index).saveReceipt(keyId, { receiptDueAt: at(1000) });
        if (index % 5 === 4) await server(index).saveReceipt(keyId, { receiptDueAt: null });
        due.delete(keyId);
      }),
    );
    const pages = await Promise.all(Array.from({ length: 200 }, (_, index) => server(index).due(at(300), 2, at(305))));
    expect(pages.flat().toSorted()).toEqual([...due].toSorted());
    expect(await server(0).due(at(304), 1000, at(310))).toEqual([]);
  });

  it('are claimed again when a claim has ended, by only one of 200 simultaneous calls', async () => {
    const server = await openServers();
    const { keyId } = newKey();
    await server(0).insert(newKey({ keyId, receiptDueAt: at(0) }));
    for (let round = 0; round < 10; round += 1) {
      const [date, end] = [at(5 * round), at(5 * round + 5)];
      const claims = await Promise.all(Array.from({ length: 200 }, (_, index) => server(index).due(date, 10, end)));
      expect(claims.flat()).toEqual([keyId]);
    }
  });

  it('have correct index entries after 200 simultaneous calls that bind one key, or store or delete its due date', async () => {
    for (let round = 0; round < 5; round += 1) {
      const server = await openServers();
      const { keyId } = newKey();
      await server(0).insert(newKey({ keyId }));
      const users = ['one', 'two'];
      const results = await Promise.all(
        Array.from({ length: 200 }, (_, index) =>
          random.pick([
            () => server(index).bind(keyId, random.pick(users)),
            () => server(index).saveReceipt(keyId, { receiptDueAt: at(random.between(0, 100)) }),
            () => server(index).saveReceipt(keyId, { receiptDueAt: null }),
          ])(),
        ),
      );
      expect(results).toContain(true);
      const [key] = await expectConsistent(server(1), [keyId], users);
      expect(users).toContain(key?.subject);
    }
  });
});

describe('a Redis server', () => {
  let client: Awaited<ReturnType<typeof openRedis>>['client'];
  beforeAll(async () => {
    client = (await openRedis(inject('addresses').redis, PATIENCE)).client;
  });
  afterAll(() => client.destroy());

  /** Opens stores with a separate prefix. */
  function open(prefix = newPrefix()) {
    return { prefix, keys: redisStores(client, { prefix, timeout: PATIENCE }).keys };
  }

  /** Returns the name of the only Redis key whose name begins with the given text. */
  async function only(beginning: string): Promise<string> {
    const names = await client.keys(`${beginning}*`);
    expect(names.length).toBe(1);
    return names[0] ?? '';
  }

  it('returns full pages although most index entries of a user are invalid, and removes the invalid entries', async () => {
    const { prefix, keys } = open();
    const registered = Array.from({ length: 100 }, () => newKey({ subject: 'user' }));
    for (const key of registered) await keys.insert(key);
    const ids = registered.map(({ keyId }) => keyId).toSorted();
    const staying = ids.filter((_, index) => index % 5 === 0);
    // This is the state that processes leave if they are killed while they remove keys.
    for (const keyId of ids) if (!staying.includes(keyId)) await client.del(`${prefix}key:${keyId}`);
    const index = await only(`${prefix}user:`);
    expect(await client.zCard(index)).toBe(100);

    const first = await keys.list('user', { limit: 13 });
    const second = await keys.list('user', { limit: 13, after: first.at(-1)?.keyId });
    expect(first.map(({ keyId }) => keyId)).toEqual(staying.slice(0, 13));
    expect(second.map(({ keyId }) => keyId)).toEqual(staying.slice(13));
    expect(await client.zCard(index)).toBe(staying.length);
  });

  it('lists a key even if a page ends between an outdated index entry of the key and its current entry', async () => {
    const { prefix, keys } = open();
    const key = newKey({ subject: 'user' });
    await keys.insert(key);
    await client.zAdd(await only(`${prefix}user:`), { value: `${key.keyId} -`, score: 0 });
    expect((await keys.list('user', { limit: 1 })).map(({ keyId }) => keyId)).toEqual([key.keyId]);
  });

  it('claims as many keys as requested although most index entries are invalid, and removes the invalid entries', async () => {
    const { prefix, keys } = open();
    const registered = Array.from({ length: 100 }, (_, index) => newKey({ receiptDueAt: at(index) }));
    for (const key of registered) await keys.insert(key);
    const staying = registered.filter((_, index) => index % 5 === 4).map(({ keyId }) => keyId);
    for (const { keyId } of registered) if (!staying.includes(keyId)) await client.del(`${prefix}key:${keyId}`);
    expect(await keys.due(at(100), 13, at(105))).toEqual(staying.slice(0, 13));
    expect(await keys.due(at(100), 13, at(105))).toEqual(staying.slice(13));
    expect(await client.zCard(`${prefix}due-receipts`)).toBe(staying.length);
  });

  it('repairs the score of a key that is due later, and removes revoked keys from the due receipts', async () => {
    const { prefix, keys } = open();
    const [later, revoked] = [newKey({ receiptDueAt: at(100) }), newKey({ receiptDueAt: at(0) })];
    for (const key of [later, revoked]) await keys.insert(key);
    const [name, index] = [`${prefix}key:${later.keyId}`, `${prefix}due-receipts`];
    await client.zAdd(index, { value: `${later.keyId} ${await client.hGet(name, 'dueTag')}`, score: 0 });
    await keys.revoke(revoked.keyId);
    expect(await keys.due(at(0), 10, at(5))).toEqual([]);
    const entry = `${later.keyId} ${await client.hGet(name, 'dueTag')}`;
    expect(await client.zRangeWithScores(index, 0, -1)).toEqual([{ value: entry, score: at(100).getTime() }]);
    expect(await keys.due(at(100), 10, at(105))).toEqual([later.keyId]);
  });

  it('keeps the index entry of a key that a process binds until the key is bound to another user', async () => {
    const { prefix, keys } = open();
    const key = newKey();
    await keys.insert(key);
    // This is the state that a process leaves if it is killed after it adds the entry and before it binds the key.
    const entry = `${key.keyId} ${await client.hGet(`${prefix}key:${key.keyId}`, 'registration')}`;
    const { keys: others } = open(`${prefix}other:`);
    await others.insert(newKey({ subject: 'user' }));
    const index = (await only(`${prefix}other:user:`)).replace('other:', '');
    await client.zAdd(index, { value: entry, score: 0 });
    expect(await keys.list('user', { limit: 10 })).toEqual([]);
    expect(await client.zCard(index)).toBe(1);
    await keys.bind(key.keyId, 'another user');
    expect(await keys.list('user', { limit: 10 })).toEqual([]);
    expect(await client.zCard(index)).toBe(0);
  });

  it('runs at most 20 scripts at the same time for a large page, so that other requests do not wait', async () => {
    const { prefix, keys } = open();
    for (let count = 0; count < 100; count += 1)
      await keys.insert(newKey({ subject: 'user', receiptDueAt: at(count) }));
    let [current, most] = [0, 0];
    const counted = {
      evalSha: async (...call: Parameters<typeof client.evalSha>) => {
        current += 1;
        most = Math.max(most, current);
        return client.evalSha(...call).finally(() => {
          current -= 1;
        });
      },
      eval: client.eval.bind(client),
    };
    const measured = redisStores(counted, { prefix, timeout: PATIENCE }).keys;
    expect((await measured.list('user', { limit: 1000 })).length).toBe(100);
    expect((await measured.due(at(100), 1000, at(105))).length).toBe(100);
    expect(most).toBe(20);
  });

  it('does not send the receipt in the replies to find, list and advance', async () => {
    const sizes: number[] = [];
    const measured = {
      evalSha: async (...call: Parameters<typeof client.evalSha>) => {
        const reply = await client.evalSha(...call);
        sizes.push(JSON.stringify(reply).length);
        return reply;
      },
      eval: client.eval.bind(client),
    };
    const { keys } = redisStores(measured, { prefix: newPrefix(), timeout: PATIENCE });
    const key = newKey({ subject: 'user' });
    await keys.insert(key);
    for (const _ of [1, 2]) {
      await keys.find(key.keyId);
      await keys.list('user', { limit: 1 });
      await keys.advance(key.keyId, 1, 0);
    }
    expect(sizes.length).toBeGreaterThan(3);
    expect(Math.max(...sizes)).toBeLessThan(600);
    expect(await keys.receipt(key.keyId)).toEqual(key.receipt);
  });

  it('uses the amount of memory that docs/stores.md states', async () => {
    const { prefix, keys } = open();
    for (let count = 0; count < 1000; count += 1) {
      await keys.insert(newKey({ subject: 'user', receiptDueAt: at(count) }));
    }
    const memory = async (name: string) => Number(await client.sendCommand(['MEMORY', 'USAGE', name, 'SAMPLES', '0']));
    const [key = ''] = await client.keys(`${prefix}key:*`);
    const index = await only(`${prefix}user:`);
    const measured = [await memory(key), (await memory(index)) / 1000, (await memory(`${prefix}due-receipts`)) / 1000];
    await keys.insert(newKey({ subject: 'another user' }));
    const [single = ''] = (await client.keys(`${prefix}user:*`)).filter((name) => name !== index);
    const expected = [7400, 150, 150, 200];
    for (const [nth, bytes] of [...measured, await memory(single)].entries()) {
      expect(bytes / (expected[nth] ?? 0)).toBeGreaterThan(0.9);
      expect(bytes / (expected[nth] ?? 0)).toBeLessThan(1.1);
    }
  });
});
