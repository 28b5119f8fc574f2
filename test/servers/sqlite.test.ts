import { createClient } from '@libsql/client';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { storeConformance } from '../../src/conformance/index.js';
import { newKey } from '../../src/conformance/new-key.js';
import {
  migrate,
  type SqliteDatabase,
  type SqliteDriver,
  type SqliteStoresOptions,
  type SqliteValue,
  sqliteStores,
} from '../../src/stores/sqlite/index.js';
import { expectCode } from '../support/rejection.js';
import { fileForEachTest } from './support/file-for-each-test.js';
import { challengeWith, recordFor } from './support/new-challenge.js';
import { openBetterSqlite3 } from './support/open-sqlite.js';
import { withoutReceipt } from './support/without-receipt.js';

const sqlite = fileForEachTest();

/** Moves the expiry of all challenges back by the given number of seconds. */
const timePasses = (seconds: number) =>
  sqlite.database.exec(`UPDATE app_attest_challenges SET ends_at = ends_at - ${seconds * 1000}`);

describe('challenges in SQLite', () => {
  it('expire by the clock of the database, and their state is known for another minute', async () => {
    const { challenges } = sqliteStores(sqlite.open('better-sqlite3'));
    const [used, left] = [challengeWith(), challengeWith()];
    for (const challenge of [used, left]) await challenges.put(challenge, recordFor(300_000));
    await challenges.take(used);
    expect(await challenges.fate(left)).toBeUndefined();
    timePasses(301);
    expect(await challenges.take(left)).toBeUndefined();
    expect(await challenges.fate(left)).toBe('expired');
    expect(await challenges.fate(used)).toBe('used');
    timePasses(57);
    expect(await challenges.removeExpired()).toBe(0);
    timePasses(3);
    expect(await challenges.removeExpired()).toBe(2);
    expect(await challenges.fate(left)).toBeUndefined();
  });

  it('that were spent are remembered for at least twice their lifetime', async () => {
    const { challenges } = sqliteStores(sqlite.open('better-sqlite3'));
    const challenge = challengeWith();
    expect(await challenges.spend(challenge, recordFor(300_000))).toBe(true);
    expect(await challenges.take(challenge)).toBeUndefined();
    timePasses(659);
    expect(await challenges.removeExpired()).toBe(0);
    expect(await challenges.spend(challenge, recordFor(300_000))).toBe(false);
    timePasses(2);
    expect(await challenges.removeExpired()).toBe(1);
  });

  it('are deleted in batches, the oldest first, and never before they expire', async () => {
    const { challenges } = sqliteStores(sqlite.open('better-sqlite3'));
    const [oldest, older, young] = [challengeWith(), challengeWith(), challengeWith()];
    await challenges.put(older, recordFor(2000));
    await challenges.put(oldest, recordFor(1000));
    timePasses(100);
    await challenges.put(young, recordFor(300_000));
    expect(await challenges.removeExpired(1)).toBe(1);
    expect([await challenges.fate(oldest), await challenges.fate(older)]).toEqual([undefined, 'expired']);
    expect(await challenges.removeExpired()).toBe(1);
    expect(await challenges.removeExpired()).toBe(0);
    expect(await challenges.take(young)).toBeDefined();
  });

  it.each(['put', 'spend'] as const)('are deleted faster than new challenges are stored by %s', async (method) => {
    const { challenges } = sqliteStores(sqlite.open('better-sqlite3'));
    const count = () => sqlite.query('SELECT count(*) AS count FROM app_attest_challenges');
    for (let index = 0; index < 70; index += 1) await challenges.put(challengeWith(), recordFor(1000));
    timePasses(1000);
    await challenges[method](challengeWith('b'), recordFor(1000));
    expect(count()).toEqual([{ count: 71 }]);
    await challenges[method](challengeWith('A'), recordFor(1000));
    expect(count()).toEqual([{ count: 2 }]);
  });
});

describe('keys in SQLite', () => {
  it('are stored with evidence that contains NUL or lone surrogates', async () => {
    const { keys } = sqliteStores(sqlite.open('better-sqlite3'));
    const key = newKey({ device: { osVersion: '\0' }, extensions: { bundleVersion: '\0"\\\ud800' } });
    await keys.insert(key);
    expect(await keys.find(key.keyId)).toEqual(withoutReceipt(key));
  });

  it.each(['a\0b', 'a\ud800'])(
    'are not stored for a user whose name some clients would change (%j)',
    async (subject) => {
      const { keys } = sqliteStores(sqlite.open('better-sqlite3'));
      const [key, unbound] = [newKey({ subject }), newKey()];
      await keys.insert(unbound);
      const message = 'must not contain NUL or lone surrogates';
      await expect(keys.insert(key)).rejects.toThrow(message);
      await expect(keys.bind(unbound.keyId, subject)).rejects.toThrow(message);
      await expect(keys.find(subject)).rejects.toThrow(message);
      expect(sqlite.query('SELECT subject FROM app_attest_keys')).toEqual([{ subject: null }]);
    },
  );

  it.each([
    ['better-sqlite3 with safe integers', () => Object.assign(sqlite.open('better-sqlite3')).defaultSafeIntegers(true)],
    ['libsql with bigint', () => createClient({ url: `file:${sqlite.file.path}`, intMode: 'bigint' })],
    ['libsql with text', () => createClient({ url: `file:${sqlite.file.path}`, intMode: 'string' })],
  ])('have the same numbers with each setting for integers: %s', async (_, openWithIntegers) => {
    const opened: SqliteDatabase & { close(): void } = openWithIntegers();
    onTestFinished(() => opened.close());
    await migrate(opened);
    const { keys } = sqliteStores(opened);
    const key = newKey({ counter: 0xffff_ff00, riskMetric: 0xffff_ffff, receiptDueAt: new Date(8.64e15) });
    await keys.insert(key);
    expect(await keys.advance(key.keyId, 0xffff_ffff, 64)).toBe(true);
    expect(await keys.advance(key.keyId, 0xffff_ffbf, 64)).toBe(true);
    expect(await keys.advance(key.keyId, 0xffff_ffbf, 64)).toBe(false);
    expect(await keys.find(key.keyId)).toEqual({ ...withoutReceipt(key), counter: 0xffff_ffff });
  });

  it('are found by each statement with an index', async () => {
    const driver = recordingDriver();
    await everyMethod(driver);
    const plans = driver.calls
      .filter(({ sql }) => /^(SELECT|UPDATE|DELETE)/.test(sql))
      .map(({ sql, values }) =>
        sqlite.query(`EXPLAIN QUERY PLAN ${sql}`, ...values).map((row) => Reflect.get(Object(row), 'detail')),
      );
    expect(plans.length).toBeGreaterThan(10);
    expect(plans.flat().filter((detail) => /\bSCAN\b|TEMP B-TREE/.test(detail))).toEqual([]);
  });
});

/** Creates a driver that records its statements. */
function recordingDriver() {
  const opened = openBetterSqlite3(sqlite.file.path);
  onTestFinished(() => opened.close());
  const calls: { sql: string; values: SqliteValue[] }[] = [];
  const driver: SqliteDriver = {
    rows(sql, values) {
      calls.push({ sql, values: [...values] });
      const statement = opened.prepare(sql);
      if (statement.reader !== false) return statement.all(...values);
      statement.run(...values);
      return [];
    },
  };
  return { ...driver, calls };
}

const challenge = challengeWith('A');
const key = newKey();

async function everyMethod(driver: SqliteDriver): Promise<void> {
  const { challenges, keys } = sqliteStores(driver);
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
  await keys.revoke(key.keyId, new Date(), 'user');
  await keys.remove(key.keyId, 'user');
}

describe('the statements of the SQLite stores', () => {
  it('have parameters for all values, and are one for each call, except for the deletion of expired challenges', async () => {
    const { calls, ...driver } = recordingDriver();
    await everyMethod(driver);
    expect(calls).toHaveLength(14);
    for (const { sql, values } of calls) {
      expect(sql.match(/\?(?!\d)/g) ?? []).toHaveLength(values.length);
      expect(sql).not.toMatch(/;|\bBEGIN\b|\bPRAGMA\b/);
      expect(sql).not.toContain(challenge);
      expect(sql).not.toContain(key.keyId);
    }
  });

  it('fail after the time limit if a remote database does not respond, and do not wait for each other', async () => {
    const rows = vi.fn(() => new Promise<never>(() => undefined));
    const { keys } = sqliteStores({ rows }, { timeout: 0.05 });
    for (const outcome of await Promise.allSettled([keys.find('key'), keys.remove('key')])) {
      expect(outcome).toMatchObject({ reason: { message: expect.stringContaining('0.05 seconds') } });
    }
    expect(rows).toHaveBeenCalledTimes(2);
  });

  it('are not run in an open transaction, because a rollback would undo them', async () => {
    const opened = openBetterSqlite3(sqlite.file.path);
    onTestFinished(() => opened.close());
    const { challenges } = sqliteStores(opened);
    await challenges.put(challengeWith(), recordFor(1000));
    opened.exec('BEGIN');
    await expect(challenges.put(challengeWith(), recordFor(1000))).rejects.toThrow('open transaction');
    opened.exec('ROLLBACK');
    await challenges.put(challengeWith(), recordFor(1000));
  });
});

describe('sqliteStores', () => {
  const rows = async () => [];
  const WRONG: readonly [string, unknown, unknown][] = [
    ['undefined instead of a database', undefined, {}],
    ['an object without methods', {}, {}],
    ['the path of a file', 'app-attest.db', {}],
    ['a database with only the method prepare', { prepare: () => undefined }, {}],
    ['null instead of options', { rows }, null],
    ['an unknown option', { rows }, { schema: 'main' }],
    ['a time limit of zero', { rows }, { timeout: 0 }],
    ['a time limit that is too long for a timer', { rows }, { timeout: 2_147_484 }],
  ];
  it.each(WRONG)('rejects %s', async (_, wrong, options) => {
    await expectCode(() => sqliteStores(wrong as SqliteDatabase, options as SqliteStoresOptions), 'invalid_argument');
  });
});

describe('the SQLite stores in memory', () => {
  const memory = createClient({ url: ':memory:' });
  const stores = sqliteStores(memory, { timeout: 30 });
  const migrated = migrate(memory);
  for (const { name, run } of storeConformance(async () => migrated.then(() => stores))) it(name, run);
});
