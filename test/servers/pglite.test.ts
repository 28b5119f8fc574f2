import { PGlite } from '@electric-sql/pglite';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { storeConformance } from '../../src/conformance/index.js';
import { newKey } from '../../src/conformance/new-key.js';
import type { KeyStore } from '../../src/server/key-store.js';
import {
  migrate,
  type PostgresStoresOptions,
  postgresStores,
  type Queryable,
} from '../../src/stores/postgres/index.js';
import { expectCode } from '../support/rejection.js';
import { challengeWith, recordFor } from './support/new-challenge.js';
import { withoutReceipt } from './support/without-receipt.js';

let database: PGlite;
beforeAll(async () => {
  database = await PGlite.create();
  await migrate(database);
});

describe('the PostgreSQL stores on PGlite', () => {
  for (const { name, run } of storeConformance(() => postgresStores(database))) it(name, run);
});

const count = async (): Promise<unknown> => {
  const { rows } = await database.query('SELECT count(*)::int AS count FROM app_attest_challenges');
  return rows;
};

/** Makes all challenges expire at a time that is the given number of seconds ago. */
const endedBefore = (seconds: number) =>
  database.query(`UPDATE app_attest_challenges SET ends_at = now() - interval '${seconds} seconds'`);

/** Moves the expiry of all challenges back by the given number of seconds. */
const timePasses = (seconds: number) =>
  database.query(`UPDATE app_attest_challenges SET ends_at = ends_at - interval '${seconds} seconds'`);

describe('challenges in PostgreSQL', () => {
  beforeEach(async () => {
    await database.query('TRUNCATE app_attest_challenges');
  });

  it('expire by the clock of the database, and their state is known for another minute', async () => {
    const { challenges } = postgresStores(database);
    const [used, left] = [challengeWith(), challengeWith()];
    for (const challenge of [used, left]) await challenges.put(challenge, recordFor(300_000));
    await challenges.take(used);
    expect(await challenges.fate(left)).toBeUndefined();
    await timePasses(301);
    expect(await challenges.take(left)).toBeUndefined();
    expect(await challenges.fate(left)).toBe('expired');
    expect(await challenges.fate(used)).toBe('used');
    await endedBefore(58);
    expect(await challenges.removeExpired()).toBe(0);
    await endedBefore(61);
    expect(await challenges.removeExpired()).toBe(2);
    expect(await challenges.fate(left)).toBeUndefined();
  });

  it('are deleted in batches, the oldest first, and never before they expire', async () => {
    const { challenges } = postgresStores(database);
    const [oldest, older, young] = [challengeWith(), challengeWith(), challengeWith()];
    await challenges.put(older, recordFor(2000));
    await challenges.put(oldest, recordFor(1000));
    await timePasses(100);
    await challenges.put(young, recordFor(300_000));
    expect(await challenges.removeExpired(1)).toBe(1);
    expect([await challenges.fate(oldest), await challenges.fate(older)]).toEqual([undefined, 'expired']);
    expect(await challenges.removeExpired()).toBe(1);
    expect(await challenges.removeExpired()).toBe(0);
    expect(await challenges.take(young)).toBeDefined();
  });

  it('are deleted faster than new challenges are stored', async () => {
    const { challenges } = postgresStores(database);
    for (let index = 0; index < 70; index += 1) await challenges.put(challengeWith(), recordFor(1000));
    await timePasses(1000);
    await challenges.put(challengeWith('b'), recordFor(1000));
    expect(await count()).toEqual([{ count: 71 }]);
    await challenges.put(challengeWith('A'), recordFor(1000));
    expect(await count()).toEqual([{ count: 2 }]);
  });
});

describe('the statements of the PostgreSQL stores', () => {
  it('are sent one at a time, with their values and no other options, so any connection pooler can be used', async () => {
    const query = vi.fn((text: string, values: unknown[]) => database.query(text, values));
    const { challenges, keys } = postgresStores({ query });
    const [challenge, key] = [challengeWith('A'), newKey()];
    await challenges.put(challenge, recordFor(1000));
    await challenges.take(challenge);
    await challenges.fate(challenge);
    await keys.insert(key);
    await keys.find(key.keyId);
    await keys.advance(key.keyId, 1, 64, { usedAt: new Date(), extensions: { bundleVersion: '1' } });
    await keys.bind(key.keyId, 'user');
    await keys.list('user', { limit: 1, after: key.keyId });
    await keys.receipt(key.keyId);
    await keys.saveReceipt(key.keyId, { receipt: Uint8Array.of(1), riskMetric: 4, receiptDueAt: null });
    await keys.due(new Date(), 1, new Date());
    expect(await keys.revoke(key.keyId, new Date(), 'user')).toBe(true);
    expect(await keys.remove(key.keyId, 'user')).toBe(true);
    expect(query).toHaveBeenCalledTimes(14);
    for (const [text, ...others] of query.mock.calls) {
      expect(others).toEqual([expect.any(Array)]);
      expect(text).not.toMatch(/;|\b(BEGIN|SET LOCAL|PREPARE)\b/);
      expect(text).not.toContain(challenge);
      expect(text).not.toContain(key.keyId);
    }
  });

  it('fail after the time limit if the database does not respond', async () => {
    const { keys } = postgresStores({ query: () => new Promise(() => undefined) }, { timeout: 0.05 });
    const calls = [
      keys.bind('key', 'user'),
      keys.list('user', { limit: 1 }),
      keys.remove('key'),
      keys.receipt('key'),
      keys.saveReceipt('key', { receiptDueAt: null }),
      keys.due(new Date(), 1, new Date()),
    ];
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({ reason: { message: expect.stringContaining('0.05 seconds') } });
    }
  });

  it('use the tables of the configured schema, regardless of the name of the schema', async () => {
    const schema = `our "apps"; DROP TABLE app_attest_keys; --`;
    await migrate(database, { schema });
    const [key, other] = [newKey(), newKey()];
    const inSchema = postgresStores(database, { schema });
    expect(await inSchema.keys.insert(key)).toBe(true);
    expect(await inSchema.keys.find(key.keyId)).toEqual(withoutReceipt(key));
    await postgresStores(database).keys.insert(other);
    expect(await inSchema.keys.find(other.keyId)).toBeUndefined();
    expect(await postgresStores(database).keys.find(key.keyId)).toBeUndefined();
  });

  it('store NUL characters, which signed evidence may contain but jsonb does not allow', async () => {
    const { keys } = postgresStores(database);
    const key = newKey({ device: { osVersion: '\0' }, extensions: { bundleVersion: '\0"\\' } });
    await keys.insert(key);
    expect(await keys.find(key.keyId)).toEqual(withoutReceipt(key));
  });
});

describe('keys in PostgreSQL', () => {
  const HOUR = 3_600_000;
  const noon = new Date('2026-05-01T12:00:00.123Z');
  const at = (milliseconds: number) => new Date(noon.getTime() + milliseconds);

  it('are read without their receipts, which are stored in a separate column', async () => {
    const query = vi.fn((text: string, values: unknown[]) => database.query(text, values));
    const { keys } = postgresStores({ query });
    const key = newKey({ subject: 'reader', receipt: Uint8Array.of(48, 0, 255) });
    await keys.insert(key);
    query.mockClear();
    expect(await keys.find(key.keyId)).toEqual(withoutReceipt(key));
    expect(await keys.list('reader', { limit: 1 })).toEqual([withoutReceipt(key)]);
    for (const [text] of query.mock.calls) expect(text).not.toMatch(/\breceipt\b|\*(?! 1000)/);
    expect(await keys.receipt(key.keyId)).toEqual(Uint8Array.of(48, 0, 255));
  });

  it('may have no receipt', async () => {
    const { keys } = postgresStores(database);
    const { receipt: _, ...key } = newKey();
    await keys.insert(key);
    expect(await keys.receipt(key.keyId)).toBeUndefined();
    expect(await keys.saveReceipt(key.keyId, { receipt: Uint8Array.of(7), receiptDueAt: noon })).toBe(true);
    expect(await keys.receipt(key.keyId)).toEqual(Uint8Array.of(7));
  });

  it('are inserted with all their properties, including a revocation', async () => {
    const { keys } = postgresStores(database);
    const dates = { createdAt: at(0), lastUsedAt: at(1), revokedAt: at(2), receiptDueAt: at(3) };
    const key = newKey({ ...dates, counter: 7, riskMetric: 999_999_999, extensions: { bundleVersion: '1' } });
    await keys.insert(key);
    expect(await keys.find(key.keyId)).toEqual(withoutReceipt(key));
    expect(await keys.advance(key.keyId, 8, 0)).toBe(false);
  });

  it('record their last use at most once an hour, and the extensions of the first request that has extensions', async () => {
    const { keys } = postgresStores(database);
    const key = newKey();
    await keys.insert(key);
    const lastUsedAt = async () => (await keys.find(key.keyId))?.lastUsedAt;
    await keys.advance(key.keyId, 1, 64);
    expect(await lastUsedAt()).toBeUndefined();
    await keys.advance(key.keyId, 2, 64, { usedAt: noon });
    await keys.advance(key.keyId, 3, 64, { usedAt: at(HOUR - 1), extensions: { bundleVersion: '1' } });
    expect(await lastUsedAt()).toEqual(noon);
    await keys.advance(key.keyId, 4, 64, { usedAt: at(HOUR), extensions: { bundleVersion: '2' } });
    expect(await lastUsedAt()).toEqual(at(HOUR));
    await keys.advance(key.keyId, 5, 64, { usedAt: at(-HOUR) });
    await keys.advance(key.keyId, 6, 64);
    expect(await keys.advance(key.keyId, 6, 64, { usedAt: at(9 * HOUR) })).toBe(false);
    expect(await keys.find(key.keyId)).toMatchObject({
      counter: 6,
      lastUsedAt: at(HOUR),
      extensions: { bundleVersion: '1' },
    });
  });

  it('are listed in pages, in the byte order of their identifiers', async () => {
    const { keys } = postgresStores(database);
    const identifiers = ['a', 'B', '+', '/', 'Z', '0'].map((letter) => letter + newKey().keyId.slice(1));
    for (const keyId of identifiers) await keys.insert(newKey({ keyId, subject: 'owner' }));
    const [first = [], second = [], third] = [
      await keys.list('owner', { limit: 4 }),
      await keys.list('owner', { limit: 4, after: identifiers[4] }),
      await keys.list('owner', { limit: 4, after: identifiers[0] }),
    ];
    expect(first.map(({ keyId }) => keyId[0])).toEqual(['+', '/', '0', 'B']);
    expect(second.map(({ keyId }) => keyId[0])).toEqual(['a']);
    expect(third).toEqual([]);
  });

  it('can belong to users whose long names differ only at the end, or need four bytes for each character', async () => {
    const { keys } = postgresStores(database);
    // The names have no repetitions, because PostgreSQL would compress repetitions.
    const long = Array.from({ length: 1022 }, (_, index) =>
      String.fromCodePoint(0x4e00 + ((index * 7919) % 20_000)),
    ).join('');
    const wide = Array.from({ length: 512 }, (_, index) =>
      String.fromCodePoint(0x20000 + ((index * 7919) % 40_000)),
    ).join('');
    const subjects = [`${long}1`, `${long}2`, wide];
    for (const subject of subjects) await keys.insert(newKey({ subject }));
    for (const subject of subjects) {
      expect((await keys.list(subject, { limit: 10 })).map((key) => key.subject)).toEqual([subject]);
    }
  });

  it('can be bound to only one user', async () => {
    const { keys } = postgresStores(database);
    const key = newKey();
    await keys.insert(key);
    expect(await keys.bind(key.keyId, 'one')).toBe(true);
    expect(await keys.bind(key.keyId, 'one')).toBe(true);
    expect(await keys.bind(key.keyId, 'other')).toBe(false);
    expect((await keys.find(key.keyId))?.subject).toBe('one');
    await keys.revoke(key.keyId);
    expect(await keys.bind(key.keyId, 'one')).toBe(false);
    expect(await keys.bind('absent', 'one')).toBe(false);
  });

  it.each([
    ['with', 'on'],
    ['without', 'off'],
  ])(
    'are claimed when their receipts are due, and again after the claim ends or a due date is stored (%s index scans)',
    async (_, index) => {
      const { keys } = postgresStores(database);
      await database.exec(`SET enable_indexscan TO ${index}; SET enable_bitmapscan TO ${index}`);
      await database.query('UPDATE app_attest_keys SET receipt_due_at = NULL');
      const [late, later, latest, revoked, never] = [
        newKey({ receiptDueAt: at(-3) }),
        newKey({ receiptDueAt: at(-2) }),
        newKey({ receiptDueAt: at(1) }),
        newKey({ receiptDueAt: at(-9), revokedAt: at(0) }),
        newKey(),
      ];
      for (const key of [latest, never, later, revoked, late]) await keys.insert(key);
      expect(await keys.due(at(0), 1, at(100))).toEqual([late.keyId]);
      expect(await keys.due(at(0), 10, at(200))).toEqual([later.keyId]);
      expect(await keys.due(at(1), 10, at(200))).toEqual([latest.keyId]);
      expect(await keys.due(at(99), 10, at(200))).toEqual([]);
      expect(await keys.saveReceipt(later.keyId, { receiptDueAt: at(-1), riskMetric: 3 })).toBe(true);
      expect(await keys.due(at(100), 10, at(300))).toEqual([late.keyId, later.keyId]);
      expect(await keys.saveReceipt(late.keyId, { receiptDueAt: null })).toBe(true);
      expect(await keys.due(at(1000), 10, at(2000))).toEqual([later.keyId, latest.keyId]);
      expect(await keys.find(later.keyId)).toEqual({ ...withoutReceipt(later), receiptDueAt: at(-1), riskMetric: 3 });
      expect(await keys.find(late.keyId)).not.toHaveProperty('receiptDueAt');
      expect(await keys.receipt(later.keyId)).toEqual(later.receipt);
      await database.exec('RESET enable_indexscan; RESET enable_bitmapscan');
    },
  );

  it('are updated by requests and claims without a write to an index (HOT updates)', async () => {
    const schema = 'in_place';
    await migrate(database, { schema });
    const key = newKey({ subject: 'user', receiptDueAt: at(0) });
    await postgresStores(database, { schema }).keys.insert(key);
    const inPlace = (update: (keys: KeyStore) => Promise<unknown>) =>
      database.transaction(async (transaction) => {
        const counted = async () => {
          const { rows } = await transaction.query<{ updated: number; hot: number }>(`
            SELECT pg_stat_get_xact_tuples_updated(oid)::int AS updated, pg_stat_get_xact_tuples_hot_updated(oid)::int AS hot
            FROM pg_class WHERE oid = 'in_place.app_attest_keys'::regclass`);
          return rows[0] ?? { updated: NaN, hot: NaN };
        };
        const before = await counted();
        await update(postgresStores({ query: (text, values) => transaction.query(text, values) }, { schema }).keys);
        const after = await counted();
        return { updated: after.updated - before.updated, hot: after.hot - before.hot };
      });
    const use = { usedAt: at(HOUR), extensions: { bundleVersion: '1' } };
    expect(await inPlace((keys) => keys.advance(key.keyId, 1, 64, use))).toEqual({ updated: 1, hot: 1 });
    expect(await inPlace((keys) => keys.due(at(0), 1, at(1)))).toEqual({ updated: 1, hot: 1 });
    const refreshed = { receiptDueAt: at(9) };
    expect(await inPlace((keys) => keys.saveReceipt(key.keyId, refreshed))).toEqual({ updated: 1, hot: 0 });
  });
});

describe('postgresStores', () => {
  const WRONG: readonly [string, unknown, unknown][] = [
    ['undefined instead of a queryable', undefined, {}],
    ['an object without the method query', {}, {}],
    ['null instead of options', { query: async () => ({ rows: [] }) }, null],
    ['an empty schema', { query: async () => ({ rows: [] }) }, { schema: '' }],
    ['a schema that is not text', { query: async () => ({ rows: [] }) }, { schema: 5 }],
    ['a schema name that PostgreSQL would truncate', { query: async () => ({ rows: [] }) }, { schema: 'ä'.repeat(32) }],
    ['a schema name with NUL', { query: async () => ({ rows: [] }) }, { schema: 'a\0b' }],
    ['a time limit of zero', { query: async () => ({ rows: [] }) }, { timeout: 0 }],
    ['a time limit that is too long for a timer', { query: async () => ({ rows: [] }) }, { timeout: 2_147_484 }],
  ];
  it.each(WRONG)('rejects %s', async (_, queryable, options) => {
    await expectCode(
      () => postgresStores(queryable as Queryable, options as PostgresStoresOptions),
      'invalid_argument',
    );
  });
});
