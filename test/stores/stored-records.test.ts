import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { newKey } from '../../src/conformance/new-key.js';
import { AppAttestError } from '../../src/index.js';
import type { NewKey } from '../../src/server/stored-key.js';
import { keyRecord } from '../../src/stores/key-record.js';
import { postgresStores } from '../../src/stores/postgres/index.js';
import { type IoRedisClient, type NodeRedisClient, redisStores } from '../../src/stores/redis/index.js';
import { STORED_KEY_FIELDS } from '../../src/stores/redis/redis-stored-key.js';
import { rejectionOf } from '../support/rejection.js';

/** Returns stores whose Redis client returns the same response to every script. */
function redisThatAnswers(answer: () => Promise<unknown>) {
  return redisStores({ evalSha: answer, eval: answer });
}

const key = newKey({
  subject: 'user',
  appClipId: 'TEAMID1234.com.example.app.Clip',
  extensions: { bundleVersion: '1' },
});

/** The database record of a key, with changes. */
function recordWith(changes: Record<string, unknown>): Record<string, unknown> {
  return { ...keyRecord(key), counter: '7', ...changes };
}

const open: Record<string, (record: Record<string, unknown>) => (keyId: string) => Promise<unknown>> = {
  Redis: (record) => {
    const { keys } = redisThatAnswers(async () => STORED_KEY_FIELDS.map((name) => record[name]));
    return (keyId) => keys.find(keyId);
  },
  PostgreSQL: (record) => {
    const { keys } = postgresStores({ query: async () => ({ rows: [record] }) });
    return (keyId) => keys.find(keyId);
  },
};

/** Invalid changes to the record of a key. A store must not return such a record as a key. */
const WRONG: readonly [string, Record<string, unknown>][] = [
  ['without a counter', { counter: null }],
  ['whose counter is not a number', { counter: 'NaN' }],
  ['whose counter is a fraction', { counter: '1.5' }],
  ['whose counter is a fraction as a number', { counter: 1.5 }],
  ['whose counter is empty', { counter: '' }],
  ['without a public key', { publicKey: null }],
  ['with an unknown environment', { environment: 'sandbox' }],
  ['whose device is not JSON', { device: '{' }],
  ['whose device is not an object', { device: '3' }],
  ['whose extensions are not JSON', { extensions: '{' }],
  ['without a creation time', { createdAt: null }],
  ['whose creation time is later than any date', { createdAt: '9000000000000000' }],
  ['whose revocation time is not a date', { revokedAt: 'yes' }],
];

describe.each(Object.entries(open))('the record of a key in %s', (_, find) => {
  it('is decoded, with its counter as text, as a number or as a bigint', async () => {
    const { receipt: _, ...expected }: NewKey = { ...key, counter: 7 };
    expect(await find(recordWith({}))(key.keyId)).toEqual(expected);
    expect(await find(recordWith({ counter: 7 }))(key.keyId)).toEqual(expected);
    expect(await find(recordWith({ counter: 7n }))(key.keyId)).toEqual(expected);
  });

  it.each(WRONG)('%s makes the call throw an error that is not an AppAttestError', async (_, changes) => {
    const error = await find(recordWith(changes))(key.keyId).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(AppAttestError);
  });
});

describe('a Redis response that no script returns', () => {
  it.each([undefined, null, 'OK', 2, true, []])(
    'makes the call fail, and is not read as true or false: %s',
    async (answer) => {
      const { keys } = redisThatAnswers(async () => answer);
      await expect(keys.insert(key)).rejects.toThrow('1 or 0');
      await expect(keys.advance(key.keyId, 1, 0)).rejects.toThrow('1 or 0');
      await expect(keys.revoke(key.keyId)).rejects.toThrow('1 or 0');
    },
  );

  it('makes the call fail, and is not read as a key or a challenge', async () => {
    await expect(redisThatAnswers(async () => 'text').keys.find(key.keyId)).rejects.toThrow('list');
    await expect(redisThatAnswers(async () => '5').challenges.take('challenge')).rejects.toThrow('no record');
    await expect(redisThatAnswers(async () => '{}').challenges.take('challenge')).rejects.toThrow('without purpose');
  });
});

describe('a Redis response in the form of another script', () => {
  const { keys } = redisThatAnswers(async () => ['key tag']);

  it('makes the call fail, and is not read as a key', async () => {
    await expect(keys.find(key.keyId)).rejects.toThrow('length');
  });

  it('makes the call fail, and is not read as the state of an index entry, so that no entry is removed', async () => {
    await expect(keys.list('user', { limit: 100 })).rejects.toThrow('length');
    await expect(keys.due(new Date(), 100, new Date())).rejects.toThrow('length');
  });

  it('makes the call fail, and is not read as the result of insert, remove or saveReceipt', async () => {
    await expect(redisThatAnswers(async () => 1).keys.insert(key)).rejects.toThrow('insertion');
    await expect(redisThatAnswers(async () => []).keys.remove(key.keyId)).rejects.toThrow('registration');
    await expect(keys.saveReceipt(key.keyId, { receiptDueAt: null })).rejects.toThrow('receipt');
  });
});

describe('the scripts of the Redis stores', () => {
  const unknownScript = new Error('NOSCRIPT No matching script.');

  it('are sent through the package redis as a SHA-1 hash, and as text if the server does not know the hash', async () => {
    const client = {
      evalSha: vi.fn<NodeRedisClient['evalSha']>().mockRejectedValue(unknownScript),
      eval: vi.fn<NodeRedisClient['eval']>().mockResolvedValue(1),
    };
    expect(await redisStores(client, { prefix: 'our:' }).keys.advance('key', 5, 64)).toBe(true);
    const parameters = { keys: ['our:key:key'], arguments: ['5', '64'] };
    expect(client.evalSha.mock.calls).toEqual([[expect.stringMatching(/^[0-9a-f]{40}$/), parameters]]);
    expect(client.eval.mock.calls).toEqual([[expect.stringContaining('HSET'), parameters]]);
  });

  it('are sent through the package ioredis with the arguments that its functions expect', async () => {
    const client = {
      evalsha: vi.fn<IoRedisClient['evalsha']>().mockRejectedValue(unknownScript),
      eval: vi.fn<IoRedisClient['eval']>().mockResolvedValue(1),
    };
    expect(await redisStores(client).keys.advance('key', 5, 64)).toBe(true);
    const parameters = [1, 'app-attest:key:key', '5', '64'];
    expect(client.evalsha.mock.calls).toEqual([[expect.stringMatching(/^[0-9a-f]{40}$/), ...parameters]]);
    expect(client.eval.mock.calls).toEqual([[expect.stringContaining('HSET'), ...parameters]]);
  });

  it('are not sent again after an error other than NOSCRIPT, because they may have run', async () => {
    const client = {
      evalSha: vi.fn<NodeRedisClient['evalSha']>().mockRejectedValue(new Error('Socket closed unexpectedly')),
      eval: vi.fn<NodeRedisClient['eval']>().mockResolvedValue(1),
    };
    await expect(redisStores(client).keys.advance('key', 5, 64)).rejects.toThrow('Socket closed');
    expect(client.eval).not.toHaveBeenCalled();
  });

  it.each([undefined, null, 5, {}, { eval: async () => 1 }, { evalsha: async () => 1 }])(
    'need a valid client, so redisStores rejects %s',
    async (client) => {
      expect((await rejectionOf(() => redisStores(client as never))).code).toBe('invalid_argument');
    },
  );

  it('need a text prefix and a valid time limit, so redisStores rejects other options', async () => {
    const client: NodeRedisClient = { evalSha: async () => 1, eval: async () => 1 };
    for (const options of [
      null,
      { Prefix: 'our:' },
      { prefix: 5 },
      { timeout: 0 },
      { timeout: '5' },
      { timeout: 2_147_484 },
    ]) {
      const error = await rejectionOf(() => redisStores(client, options as { prefix: string }));
      expect(error.code).toBe('invalid_argument');
    }
  });
});

describe('a database', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const never = () => new Promise<never>(() => undefined);

  it.each([
    ['Redis', redisStores({ evalSha: never, eval: never }, { timeout: 0.3 })],
    ['Redis with the package ioredis', redisStores({ evalsha: never, eval: never }, { timeout: 0.3 })],
    ['PostgreSQL', postgresStores({ query: never }, { timeout: 0.3 })],
  ])('that does not respond delays no call beyond the time limit: %s', async (_, { challenges, keys }) => {
    const record = { purpose: 'assertion' as const, expiresAt: new Date(Date.now() + 1000) };
    const calls = [
      challenges.put('challenge', record),
      challenges.take('challenge'),
      challenges.fate?.('challenge'),
      keys.insert(key),
      keys.find(key.keyId),
      keys.advance(key.keyId, 1, 0),
      keys.revoke(key.keyId),
      keys.bind(key.keyId, 'user'),
      keys.list('user', { limit: 100 }),
      keys.remove(key.keyId),
      keys.receipt(key.keyId),
      keys.saveReceipt(key.keyId, { receiptDueAt: null }),
      keys.due(new Date(), 100, new Date()),
    ];
    const settled = Promise.allSettled(calls);
    await vi.advanceTimersByTimeAsync(299);
    expect(vi.getTimerCount()).toBe(calls.length);
    await vi.advanceTimersByTimeAsync(1);
    for (const outcome of await settled) {
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { message: expect.stringContaining('0.3 seconds') },
      });
    }
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that responds leaves no timer running', async () => {
    await redisStores({ evalSha: async () => 1, eval: never }).keys.revoke('key');
    await expect(
      postgresStores({ query: () => Promise.reject(new Error('lost')) }).keys.revoke('key'),
    ).rejects.toThrow();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that does not respond delays a call for five seconds by default', async () => {
    const call = redisStores({ evalSha: never, eval: never }).keys.find('key').catch(String);
    await vi.advanceTimersByTimeAsync(4999);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await call).toContain('5 seconds');
  });
});
