import { createClient } from '@libsql/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { newKey } from '../../src/conformance/new-key.js';
import { type SqliteDatabase, sqliteStores } from '../../src/stores/sqlite/index.js';
import { fileForEachTest } from './support/file-for-each-test.js';
import { challengeWith, recordFor } from './support/new-challenge.js';

const sqlite = fileForEachTest();

describe.each(['better-sqlite3', 'libsql'] as const)('a connection of %s', (client) => {
  it('has settings to wait for the disk, and not to wait for a lock inside a statement', async () => {
    const opened = sqlite.open(client);
    await sqliteStores(opened).keys.find('key');
    expect(await setting(opened, 'synchronous')).toBe(2);
    expect(await setting(opened, 'busy_timeout')).toBe(0);
    expect(await setting(opened, 'journal_mode')).toBe('wal');
  });

  it('does not block the event loop while another process holds the lock, and runs each statement once afterwards', async () => {
    const { challenges, keys } = sqliteStores(sqlite.open(client));
    const [stored, waiting] = [challengeWith(), newKey()];
    await challenges.put(stored, recordFor(60_000));
    const unlock = await sqlite.file.lock();
    const calls = [challenges.take(stored), keys.insert(waiting), keys.insert(waiting), challenges.take(stored)];
    expect(await longestBlock(500)).toBeLessThan(250);
    expect(await Promise.race([...calls, 'waiting'])).toBe('waiting');
    await unlock();
    const [taken, ...others] = await Promise.all(calls);
    expect(taken).toMatchObject({ purpose: 'assertion' });
    expect(others).toEqual([true, false, undefined]);
  });

  it('fails without a change if another process holds the lock for longer than the time limit', async () => {
    const { challenges, keys } = sqliteStores(sqlite.open(client), { timeout: 0.2 });
    const [stored, waiting] = [challengeWith(), newKey()];
    await challenges.put(stored, recordFor(60_000));
    const unlock = await sqlite.file.lock();
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
  const { keys } = sqliteStores(sqlite.open('libsql'), { timeout: 0.05 });
  const [revoked, registered] = [newKey(), newKey()];
  for (const each of [revoked, registered]) await keys.insert(each);
  const other = createClient({ url: `file:${sqlite.file.path}` });
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
