import { createClient } from '@libsql/client';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { storeConformance } from '../../src/conformance/index.js';
import { newKey } from '../../src/conformance/new-key.js';
import { newChallenge } from '../../src/server/challenge.js';
import type { NewKey, StoredKey } from '../../src/server/stored-key.js';
import {
  migrate,
  migrations,
  type SqliteDatabase,
  type SqliteDriver,
  type SqliteStoresOptions,
  type SqliteValue,
  sqliteStores,
} from '../../src/stores/sqlite/index.js';
import { expectCode } from '../support/rejection.js';
import { type Closable, openBetterSqlite3, openDatabase } from './support/open-sqlite.js';
import { SqliteFile } from './support/sqlite-file.js';

let file: SqliteFile;
/** A connection that the stores do not use. */
let database: Closable;
beforeEach(async () => {
  const created = await SqliteFile.create();
  file = created;
  database = openBetterSqlite3(created.path);
  return async () => {
    database.close();
    await created.remove();
  };
});

const query = (sql: string, ...values: SqliteValue[]): readonly unknown[] => database.prepare(sql).all(...values);

/** Opens a new connection for the stores. */
function open(client: 'better-sqlite3' | 'libsql') {
  const opened = openDatabase(client, file.path);
  onTestFinished(() => opened.close());
  return opened;
}

const record = (lifetime: number) => {
  const issuedAt = new Date();
  return { purpose: 'assertion' as const, issuedAt, expiresAt: new Date(issuedAt.getTime() + lifetime) };
};

/** Returns the key that `find` must return for a new key. */
function withoutReceipt({ receipt: _, ...stored }: NewKey): StoredKey {
  return stored;
}

/** Creates a challenge that begins with the given letter. If the letter is `A`, `put` and `spend` delete expired challenges. */
function challengeWith(letter = 'b'): string {
  return letter + newChallenge().slice(1);
}

/** Moves the expiry of all challenges back by the given number of seconds. */
const timePasses = (seconds: number) =>
  database.exec(`UPDATE app_attest_challenges SET ends_at = ends_at - ${seconds * 1000}`);

describe('challenges in SQLite', () => {
  it('expire by the clock of the database, and their state is known for another minute', async () => {
    const { challenges } = sqliteStores(open('better-sqlite3'));
    const [used, left] = [challengeWith(), challengeWith()];
    for (const challenge of [used, left]) await challenges.put(challenge, record(300_000));
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
    const { challenges } = sqliteStores(open('better-sqlite3'));
    const challenge = challengeWith();
    expect(await challenges.spend(challenge, record(300_000))).toBe(true);
    expect(await challenges.take(challenge)).toBeUndefined();
    timePasses(659);
    expect(await challenges.removeExpired()).toBe(0);
    expect(await challenges.spend(challenge, record(300_000))).toBe(false);
    timePasses(2);
    expect(await challenges.removeExpired()).toBe(1);
  });

  it('are deleted in batches, the oldest first, and never before they expire', async () => {
    const { challenges } = sqliteStores(open('better-sqlite3'));
    const [oldest, older, young] = [challengeWith(), challengeWith(), challengeWith()];
    await challenges.put(older, record(2000));
    await challenges.put(oldest, record(1000));
    timePasses(100);
    await challenges.put(young, record(300_000));
    expect(await challenges.removeExpired(1)).toBe(1);
    expect([await challenges.fate(oldest), await challenges.fate(older)]).toEqual([undefined, 'expired']);
    expect(await challenges.removeExpired()).toBe(1);
    expect(await challenges.removeExpired()).toBe(0);
    expect(await challenges.take(young)).toBeDefined();
  });

  it.each(['put', 'spend'] as const)('are deleted faster than new challenges are stored by %s', async (method) => {
    const { challenges } = sqliteStores(open('better-sqlite3'));
    const count = () => query('SELECT count(*) AS count FROM app_attest_challenges');
    for (let index = 0; index < 70; index += 1) await challenges.put(challengeWith(), record(1000));
    timePasses(1000);
    await challenges[method](challengeWith('b'), record(1000));
    expect(count()).toEqual([{ count: 71 }]);
    await challenges[method](challengeWith('A'), record(1000));
    expect(count()).toEqual([{ count: 2 }]);
  });
});

describe('keys in SQLite', () => {
  it('are stored with evidence that contains NUL or lone surrogates', async () => {
    const { keys } = sqliteStores(open('better-sqlite3'));
    const key = newKey({ device: { osVersion: '\0' }, extensions: { bundleVersion: '\0"\\\ud800' } });
    await keys.insert(key);
    expect(await keys.find(key.keyId)).toEqual(withoutReceipt(key));
  });

  it.each(['a\0b', 'a\ud800'])(
    'are not stored for a user whose name some clients would change (%j)',
    async (subject) => {
      const { keys } = sqliteStores(open('better-sqlite3'));
      const [key, unbound] = [newKey({ subject }), newKey()];
      await keys.insert(unbound);
      const message = 'must not contain NUL or lone surrogates';
      await expect(keys.insert(key)).rejects.toThrow(message);
      await expect(keys.bind(unbound.keyId, subject)).rejects.toThrow(message);
      await expect(keys.find(subject)).rejects.toThrow(message);
      expect(query('SELECT subject FROM app_attest_keys')).toEqual([{ subject: null }]);
    },
  );

  it.each([
    ['better-sqlite3 with safe integers', () => Object.assign(open('better-sqlite3')).defaultSafeIntegers(true)],
    ['libsql with bigint', () => createClient({ url: `file:${file.path}`, intMode: 'bigint' })],
    ['libsql with text', () => createClient({ url: `file:${file.path}`, intMode: 'string' })],
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
        query(`EXPLAIN QUERY PLAN ${sql}`, ...values).map((row) => Reflect.get(Object(row), 'detail')),
      );
    expect(plans.length).toBeGreaterThan(10);
    expect(plans.flat().filter((detail) => /\bSCAN\b|TEMP B-TREE/.test(detail))).toEqual([]);
  });
});

/** Creates a driver that records its statements. */
function recordingDriver() {
  const opened = openBetterSqlite3(file.path);
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
  await challenges.put(challenge, record(1000));
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
    const opened = openBetterSqlite3(file.path);
    onTestFinished(() => opened.close());
    const { challenges } = sqliteStores(opened);
    await challenges.put(challengeWith(), record(1000));
    opened.exec('BEGIN');
    await expect(challenges.put(challengeWith(), record(1000))).rejects.toThrow('open transaction');
    opened.exec('ROLLBACK');
    await challenges.put(challengeWith(), record(1000));
  });
});

describe.each(['better-sqlite3', 'libsql'] as const)('a connection of %s', (client) => {
  it('has settings to wait for the disk, and not to wait for a lock inside a statement', async () => {
    const opened = open(client);
    await sqliteStores(opened).keys.find('key');
    expect(await setting(opened, 'synchronous')).toBe(2);
    expect(await setting(opened, 'busy_timeout')).toBe(0);
    expect(await setting(opened, 'journal_mode')).toBe('wal');
  });

  it('does not block the event loop while another process holds the lock, and runs each statement once afterwards', async () => {
    const { challenges, keys } = sqliteStores(open(client));
    const [stored, waiting] = [challengeWith(), newKey()];
    await challenges.put(stored, record(60_000));
    const unlock = await file.lock();
    const calls = [challenges.take(stored), keys.insert(waiting), keys.insert(waiting), challenges.take(stored)];
    expect(await longestBlock(500)).toBeLessThan(250);
    expect(await Promise.race([...calls, 'waiting'])).toBe('waiting');
    await unlock();
    const [taken, ...others] = await Promise.all(calls);
    expect(taken).toMatchObject({ purpose: 'assertion' });
    expect(others).toEqual([true, false, undefined]);
  });

  it('fails without a change if another process holds the lock for longer than the time limit', async () => {
    const { challenges, keys } = sqliteStores(open(client), { timeout: 0.2 });
    const [stored, waiting] = [challengeWith(), newKey()];
    await challenges.put(stored, record(60_000));
    const unlock = await file.lock();
    const started = performance.now();
    const calls = [challenges.take(stored), ...Array.from({ length: 50 }, () => keys.insert(waiting))];
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({ reason: { message: 'SQLite did not run the statement within 0.2 seconds' } });
    }
    expect(performance.now() - started).toBeLessThan(2000);
    await unlock();
    expect(await keys.find(waiting.keyId)).toBeUndefined();
    expect(await challenges.take(stored)).toMatchObject({ purpose: 'assertion' });
  });
});

it('a connection of libsql commits its changes after a lock', async () => {
  const { keys } = sqliteStores(open('libsql'), { timeout: 0.05 });
  const [revoked, registered] = [newKey(), newKey()];
  for (const each of [revoked, registered]) await keys.insert(each);
  const other = createClient({ url: `file:${file.path}` });
  onTestFinished(() => other.close());
  const transaction = await other.transaction('write');
  await transaction.execute('UPDATE app_attest_keys SET risk_metric = 1');
  await expect(keys.advance(registered.keyId, 1, 0)).rejects.toThrow('0.05 seconds');
  await transaction.commit();
  await other.execute({ sql: 'UPDATE app_attest_keys SET revoked_at = 1 WHERE key_id = ?', args: [revoked.keyId] });
  expect(await keys.find(revoked.keyId)).toMatchObject({ revokedAt: new Date(1) });
  expect(await keys.advance(registered.keyId, 1, 0)).toBe(true);
  // Without the call of reconnect(), the client would report success, but SQLite would not commit.
  const sql = 'SELECT counter FROM app_attest_keys WHERE key_id = ?';
  expect((await other.execute({ sql, args: [registered.keyId] })).rows).toEqual([{ counter: 1 }]);
  await other.execute('UPDATE app_attest_keys SET risk_metric = 2');
});

/** Reads a setting of the connection that the stores use. */
async function setting(opened: SqliteDatabase, name: string): Promise<unknown> {
  const sql = `PRAGMA ${name}`;
  const [row] = 'execute' in opened ? (await opened.execute({ sql, args: [] })).rows : await rowsOf(opened, sql);
  return Object.values(Object(row))[0];
}

async function rowsOf(opened: Exclude<SqliteDatabase, { execute: unknown }>, sql: string): Promise<readonly unknown[]> {
  if ('rows' in opened || 'batch' in opened) throw new Error('not a synchronous database');
  return opened.prepare(sql).all();
}

/** Returns the longest time in which the event loop did not run, in milliseconds. */
async function longestBlock(duration: number): Promise<number> {
  const end = performance.now() + duration;
  let [longest, last] = [0, performance.now()];
  while (last < end) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }
  return longest;
}

describe('migrate', () => {
  const versions = () => query('SELECT version FROM app_attest_migrations ORDER BY version');
  const all = migrations.map(({ version }) => ({ version }));

  it('has migrations that are numbered from 1 without gaps, have names for files, and consist of one statement each', () => {
    expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1));
    for (const { name, sql } of migrations) {
      expect(name).toMatch(/^[a-z-]+$/);
      expect(sql).not.toMatch(/[;?]/);
    }
  });

  it('changes nothing when several servers call it again at the same time', async () => {
    const { keys } = sqliteStores(open('better-sqlite3'));
    await keys.insert(key);
    await Promise.all(
      [open('better-sqlite3'), open('better-sqlite3'), open('better-sqlite3')].map((opened) => migrate(opened)),
    );
    expect(versions()).toEqual(all);
    expect(await keys.remove(key.keyId)).toBe(true);
  });

  it.each(migrations)(
    'continues after migration $version, even if its version was not recorded',
    async ({ version }) => {
      database.exec('DROP TABLE app_attest_keys; DROP TABLE app_attest_challenges; DELETE FROM app_attest_migrations');
      for (const { sql } of migrations.slice(0, version)) database.exec(sql);
      await migrate(open('better-sqlite3'));
      expect(versions()).toEqual(all);
      expect(await sqliteStores(open('better-sqlite3')).keys.insert(key)).toBe(true);
    },
  );

  it('rejects tables of a later release', async () => {
    database.exec('INSERT INTO app_attest_migrations VALUES (9, 0)');
    await expect(migrate(open('better-sqlite3'))).rejects.toThrow(
      'the tables of app-attest are at version 9, but this release of app-attest knows versions up to 5',
    );
  });

  it('rejects a file that cannot have a write-ahead log', async () => {
    const rows = vi.fn(async (sql: string) =>
      sql === 'PRAGMA journal_mode = WAL' ? [{ journal_mode: 'delete' }] : [],
    );
    await expect(migrate({ local: true, rows })).rejects.toThrow('cannot use the journal mode wal');
    expect(rows.mock.calls.filter(([sql]) => sql.startsWith('CREATE'))).toEqual([]);
  });

  it('creates tables in memory', async () => {
    const memory = openBetterSqlite3(':memory:');
    onTestFinished(() => memory.close());
    await migrate(memory);
    expect(await sqliteStores(memory).keys.insert(key)).toBe(true);
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
