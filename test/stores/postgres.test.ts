import { PGlite } from '@electric-sql/pglite';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { storeConformance } from '../../src/conformance/index.js';
import { newKey } from '../../src/conformance/new-key.js';
import { newChallenge } from '../../src/server/challenge.js';
import {
  migrations,
  type PostgresStoresOptions,
  postgresStores,
  type Queryable,
} from '../../src/stores/postgres/index.js';
import { expectCode } from '../support/rejection.js';

let database: PGlite;
beforeAll(async () => {
  database = await PGlite.create();
  for (const { sql } of migrations) await database.query(sql);
});

describe('the stores in PostgreSQL, as PGlite', () => {
  for (const { name, run } of storeConformance(() => postgresStores(database))) it(name, run);
});

const record = (lifetime: number) => {
  const issuedAt = new Date();
  return { purpose: 'assertion' as const, issuedAt, expiresAt: new Date(issuedAt.getTime() + lifetime) };
};

/** A challenge that begins with the given letter, by default not `A`. */
function challengeWith(letter = 'b'): string {
  return letter + newChallenge().slice(1);
}

const count = async (): Promise<unknown> => {
  const { rows } = await database.query('SELECT count(*)::int AS count FROM app_attest_challenges');
  return rows;
};

/** Sets the expiry of all challenges to the given number of seconds ago. */
const endedBefore = (seconds: number) =>
  database.query(`UPDATE app_attest_challenges SET ends_at = now() - interval '${seconds} seconds'`);

/** Moves the expiry of all challenges back by the given number of seconds. */
const timePasses = (seconds: number) =>
  database.query(`UPDATE app_attest_challenges SET ends_at = ends_at - interval '${seconds} seconds'`);

describe('challenges in PostgreSQL', () => {
  beforeEach(async () => {
    await database.query('TRUNCATE app_attest_challenges');
  });

  it('expire by the clock of the database, and their state is known for a minute', async () => {
    const { challenges } = postgresStores(database);
    const [used, left] = [challengeWith(), challengeWith()];
    for (const challenge of [used, left]) await challenges.put(challenge, record(300_000));
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
    await challenges.put(older, record(2000));
    await challenges.put(oldest, record(1000));
    await timePasses(100);
    await challenges.put(young, record(300_000));
    expect(await challenges.removeExpired(1)).toBe(1);
    expect([await challenges.fate(oldest), await challenges.fate(older)]).toEqual([undefined, 'expired']);
    expect(await challenges.removeExpired()).toBe(1);
    expect(await challenges.removeExpired()).toBe(0);
    expect(await challenges.take(young)).toBeDefined();
  });

  it('are deleted faster than others are stored', async () => {
    const { challenges } = postgresStores(database);
    for (let index = 0; index < 70; index += 1) await challenges.put(challengeWith(), record(1000));
    await timePasses(1000);
    await challenges.put(challengeWith('b'), record(1000));
    expect(await count()).toEqual([{ count: 71 }]);
    await challenges.put(challengeWith('A'), record(1000));
    expect(await count()).toEqual([{ count: 2 }]);
  });
});

describe('the statements', () => {
  it('are sent one at a time, each only with its values, so that any connection pooler can be used', async () => {
    const query = vi.fn((text: string, values: unknown[]) => database.query(text, values));
    const { challenges, keys } = postgresStores({ query });
    const [challenge, key] = [challengeWith('A'), newKey()];
    await challenges.put(challenge, record(1000));
    await challenges.take(challenge);
    await challenges.fate(challenge);
    await keys.insert(key);
    await keys.find(key.keyId);
    await keys.advance(key.keyId, 1, 64);
    await keys.recordExtensions?.(key.keyId, { bundleVersion: '1' });
    await keys.revoke(key.keyId);
    expect(query).toHaveBeenCalledTimes(9);
    for (const [text, ...others] of query.mock.calls) {
      expect(others).toEqual([expect.any(Array)]);
      expect(text).not.toMatch(/;|\b(BEGIN|SET LOCAL|PREPARE)\b/);
      expect(text).not.toContain(challenge);
      expect(text).not.toContain(key.keyId);
    }
  });

  it('name their tables in a schema of any name', async () => {
    const schema = `our "apps"; DROP TABLE app_attest_keys; --`;
    const quoted = `"${schema.replaceAll('"', '""')}"`;
    await database.query(`CREATE SCHEMA ${quoted}`);
    await database.query(`SET search_path TO ${quoted}`);
    for (const { sql } of migrations) await database.query(sql);
    await database.query('SET search_path TO public');

    const [key, other] = [newKey(), newKey()];
    const inSchema = postgresStores(database, { schema });
    expect(await inSchema.keys.insert(key)).toBe(true);
    expect(await inSchema.keys.find(key.keyId)).toEqual(key);
    await postgresStores(database).keys.insert(other);
    expect(await inSchema.keys.find(other.keyId)).toBeUndefined();
    expect(await postgresStores(database).keys.find(key.keyId)).toBeUndefined();
  });

  it('store text that signed evidence may contain and jsonb cannot', async () => {
    const { keys } = postgresStores(database);
    const key = newKey({ device: { osVersion: '\0' }, extensions: { bundleVersion: '\0"\\' } });
    await keys.insert(key);
    expect(await keys.find(key.keyId)).toEqual(key);
  });
});

describe('postgresStores', () => {
  const WRONG: readonly [string, unknown, unknown][] = [
    ['no queryable', undefined, {}],
    ['a queryable without a query function', {}, {}],
    ['invalid options', { query: async () => ({ rows: [] }) }, null],
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

describe('migrations', () => {
  it('are numbered from 1 without gaps, have names for files, and are one statement each', () => {
    expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1));
    for (const { name, sql } of migrations) {
      expect(name).toMatch(/^[a-z-]+$/);
      expect(sql).not.toContain(';');
    }
  });

  it('exclude challenges from the write-ahead log, and include keys', async () => {
    const { rows } = await database.query(
      "SELECT relname, relpersistence FROM pg_class WHERE relname IN ('app_attest_challenges', 'app_attest_keys') AND relnamespace = 'public'::regnamespace ORDER BY relname",
    );
    expect(rows).toEqual([
      { relname: 'app_attest_challenges', relpersistence: 'u' },
      { relname: 'app_attest_keys', relpersistence: 'p' },
    ]);
  });
});
