import type { Connection, RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openMysql } from '../../examples/mysql.js';
import { newKey } from '../../src/conformance/new-key.js';
import { newChallenge } from '../../src/server/challenge.js';
import type { Stores } from '../../src/server/index.js';
import { FaultyProxy } from '../servers/support/faulty-proxy.js';
import { challengeWith, recordFor } from '../servers/support/new-challenge.js';
import { PATIENCE } from '../servers/support/store-kinds.js';
import { MariadbServer } from './mariadb-server.js';

const COPIES = 200;

interface StatusRow extends RowDataPacket {
  Value: string;
}

let server: MariadbServer;
let administrator: Connection;
let opened: ReturnType<typeof openMysql>;
beforeAll(async () => {
  server = await MariadbServer.start();
  administrator = await server.connect();
  await administrator.query('USE app_attest');
  opened = openMysql(server.url, PATIENCE);
});
afterAll(async () => {
  await opened.pool.end();
  administrator.destroy();
  await server.stop();
});

describe('a challenge of the example', () => {
  it('is spent by only one of 200 concurrent calls on two pools, and cannot be taken afterwards', async () => {
    const other = openMysql(server.url, PATIENCE);
    const [challenge, record] = [newChallenge(), recordFor(60_000)];
    const calls = Array.from({ length: COPIES }, (_, index) =>
      (index % 2 === 0 ? opened : other).stores.challenges.spend(challenge, record),
    );
    expect((await Promise.all(calls)).filter(Boolean)).toEqual([true]);
    expect(await opened.stores.challenges.take(challenge)).toBeUndefined();
    expect(await opened.stores.challenges.fate(challenge)).toBe('used');
    await other.pool.end();
  });

  it('expires by the clock of the database', async () => {
    const { challenges } = opened.stores;
    const challenge = newChallenge();
    await challenges.put(challenge, recordFor(60_000));
    await administrator.query(`UPDATE app_attest_challenges SET ends_at = ends_at - INTERVAL 1 MINUTE`);
    expect(await challenges.take(challenge)).toBeUndefined();
    expect(await challenges.fate(challenge)).toBe('expired');
  });

  it('is remembered for twice its lifetime after it was spent, but at least for a minute', async () => {
    const seconds = async (lifetime: number): Promise<unknown> => {
      const challenge = newChallenge();
      await opened.stores.challenges.spend(challenge, recordFor(lifetime));
      const [rows] = await administrator.query(
        'SELECT ROUND(TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(3), ends_at) / 10) AS tens FROM app_attest_challenges WHERE challenge = ?',
        [challenge],
      );
      return rows;
    };
    expect(await seconds(50_000)).toMatchObject([{ tens: '10' }]);
    expect(await seconds(1000)).toMatchObject([{ tens: '6' }]);
  });

  it('is deleted when it has been expired for a minute and put or spend stores a challenge that begins with A', async () => {
    const { challenges } = opened.stores;
    const stored = async (): Promise<unknown> =>
      (await administrator.query('SELECT challenge FROM app_attest_challenges'))[0];
    const [old, late] = [challengeWith('b'), challengeWith('c')];
    for (const method of ['put', 'spend'] as const) {
      await administrator.query('DELETE FROM app_attest_challenges');
      for (const challenge of [old, late]) await challenges.put(challenge, recordFor(0));
      await administrator.query(
        'UPDATE app_attest_challenges SET ends_at = UTC_TIMESTAMP(3) - INTERVAL IF(challenge = ?, 61, 50) SECOND',
        [old],
      );
      const [usual, cleaning] = [challengeWith('b'), challengeWith('A')];
      await challenges[method](usual, recordFor(60_000));
      expect(await stored()).toHaveLength(3);
      await challenges[method](cleaning, recordFor(60_000));
      expect(await stored()).toHaveLength(3);
      expect(await challenges.fate(old)).toBeUndefined();
      expect(await challenges.fate(late)).toBe('expired');
    }
  });

  it('cannot be stored a second time', async () => {
    const challenge = newChallenge();
    await opened.stores.challenges.put(challenge, recordFor(60_000));
    await expect(opened.stores.challenges.put(challenge, recordFor(60_000))).rejects.toThrow('exists already');
  });
});

it('calls that wait for a row or for a connection fail after the time limit, and later calls succeed', async () => {
  const { pool, stores } = openMysql(server.url, 1);
  const key = newKey();
  await stores.keys.insert(key);
  await administrator.query('BEGIN');
  await administrator.query('SELECT 1 FROM app_attest_keys WHERE key_id = ? FOR UPDATE', [key.keyId]);
  const start = performance.now();
  // The pool has ten connections.
  const calls = Array.from({ length: 30 }, () => stores.keys.advance(key.keyId, 1, 0));
  const errors = await Promise.all(calls.map((call) => call.catch((error: Error) => error.message)));
  expect(new Set(errors)).toEqual(new Set(['MySQL did not respond within 1 seconds']));
  expect(performance.now() - start).toBeLessThan(3000);
  await administrator.query('ROLLBACK');
  expect(await stores.keys.advance(key.keyId, 2, 0)).toBe(true);
  await pool.end();
});

it('a value that is too long is rejected with an error, not as an existing key or challenge', async () => {
  const subject = 'x'.repeat(3073);
  const { challenges, keys } = opened.stores;
  await expect(keys.insert(newKey({ subject }))).rejects.toThrow('Data too long');
  await expect(challenges.spend(newChallenge(), { ...recordFor(60_000), subject })).rejects.toThrow('Data too long');
});

it('a call whose time limit is over while it waits for a connection runs no statement later', async () => {
  const { pool, stores } = openMysql(`${server.url}?connectionLimit=1`, 1);
  const [locked, late] = [newKey(), newKey()];
  await stores.keys.insert(locked);
  await administrator.query('BEGIN');
  await administrator.query('SELECT 1 FROM app_attest_keys WHERE key_id = ? FOR UPDATE', [locked.keyId]);
  const calls = [stores.keys.advance(locked.keyId, 1, 0), stores.keys.insert(late)];
  for (const { status } of await Promise.allSettled(calls)) expect(status).toBe('rejected');
  await administrator.query('ROLLBACK');
  await expect.poll(() => stores.keys.find(locked.keyId)).toBeDefined();
  expect(await stores.keys.find(late.keyId)).toBeUndefined();
  await pool.end();
});

it('connections that do not respond are closed, so later calls succeed', async () => {
  const proxy = await FaultyProxy.to(server.port);
  const { pool, stores } = openMysql(server.url.replace(`:${server.port}`, `:${proxy.port}`), 1);
  const key = newKey();
  await stores.keys.insert(key);
  const calls = () => Promise.allSettled(Array.from({ length: 20 }, () => stores.keys.find(key.keyId)));
  await calls();
  proxy.abandon();
  for (const { status } of await calls()) expect(status).toBe('rejected');
  await expect.poll(() => stores.keys.find(key.keyId), { timeout: 10_000 }).toMatchObject({ keyId: key.keyId });
  await pool.end();
  await proxy.stop();
});

it('at most 1000 calls wait for a connection, further calls fail immediately, and later calls succeed', async () => {
  const { pool, stores } = openMysql(server.url, PATIENCE);
  const key = newKey();
  await stores.keys.insert(key);
  await administrator.query('BEGIN');
  await administrator.query('SELECT 1 FROM app_attest_keys WHERE key_id = ? FOR UPDATE', [key.keyId]);
  // Ten calls get a connection.
  const waiting = Array.from({ length: 1010 }, () => stores.keys.advance(key.keyId, 1, 0));
  await expect(stores.keys.advance(key.keyId, 1, 0)).rejects.toThrow('Queue limit reached');
  await administrator.query('ROLLBACK');
  expect((await Promise.all(waiting)).filter(Boolean)).toEqual([true]);
  expect(await stores.keys.advance(key.keyId, 2, 0)).toBe(true);
  await pool.end();
});

describe('with 10 000 keys and challenges,', () => {
  let single: ReturnType<typeof openMysql>;
  beforeAll(async () => {
    await administrator.query(`
      INSERT INTO app_attest_keys (key_id, subject, details, counter, created_at, receipt, receipt_due_at, revoked_at)
      SELECT CONCAT('key ', seq), CONCAT('user ', seq DIV 2), '{"device":{}}', 0, 0, REPEAT('r', 4000), seq, IF(seq % 2, NULL, 0)
      FROM seq_1_to_10000;
      DELETE FROM app_attest_challenges;
      INSERT INTO app_attest_challenges (challenge, purpose, expires_at, ends_at, used)
      SELECT CONCAT('challenge ', seq), 'assertion', 0, UTC_TIMESTAMP() - INTERVAL 1 HOUR + INTERVAL seq SECOND, FALSE
      FROM seq_1_to_10000;
      ANALYZE TABLE app_attest_keys, app_attest_challenges`);
    single = openMysql(`${server.url}?connectionLimit=1`, PATIENCE);
  });
  afterAll(() => single.pool.end());

  /** The number of rows that the only connection has read from tables. */
  async function rowsRead(): Promise<number> {
    const [rows] = await single.pool.query<StatusRow[]>(`SHOW SESSION STATUS LIKE 'Handler_read%'`);
    return rows.reduce((sum, row) => sum + Number(row.Value), 0);
  }

  it.each<[string, number, (stores: Stores) => Promise<unknown>]>([
    ['find', 1, ({ keys }) => keys.find('key 7')],
    ['advance', 1, ({ keys }) => keys.advance('key 7', 1, 0)],
    ['list', 2, ({ keys }) => keys.list('user 7', { limit: 10 })],
    ['due', 100, ({ keys }) => keys.due(new Date(9000), 100, new Date(99_000))],
    ['due, after a call has claimed 100 keys,', 200, ({ keys }) => keys.due(new Date(9000), 100, new Date(99_000))],
    ['take', 1, ({ challenges }) => challenges.take('challenge 9000')],
    ['removeExpired', 100, () => single.stores.challenges.removeExpired(100)],
  ])('%s reads few rows of the table (needed: %i)', async (_, rows, call) => {
    await rowsRead();
    const before = await rowsRead();
    const ofStatus = (await rowsRead()) - before;
    expect(await call(single.stores)).toBeTruthy();
    const read = (await rowsRead()) - before - 2 * ofStatus;
    // A statement may read the same row again, in another order or from another index.
    expect(read).toBeGreaterThanOrEqual(rows);
    expect(read).toBeLessThanOrEqual(3 * rows + 5);
  });
});
