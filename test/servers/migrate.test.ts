import { readFileSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { storeConformance } from '../../src/conformance/index.js';
import { newKey } from '../../src/conformance/new-key.js';
import {
  type MigrateOptions,
  migrate,
  migrations,
  postgresStores,
  type Queryable,
} from '../../src/stores/postgres/index.js';
import { expectCode } from '../support/rejection.js';

let database: PGlite;
beforeAll(async () => {
  database = await PGlite.create();
  await migrate(database);
});

describe('migrations', () => {
  it('are numbered from 1 without gaps, have names that are valid in file names, and consist of one statement each', () => {
    expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1));
    for (const { name, sql } of migrations) {
      expect(name).toMatch(/^[a-z-]+$/);
      expect(sql).not.toContain(';');
    }
  });

  it('create an unlogged table for challenges and a logged table for keys', async () => {
    const { rows } = await database.query(
      "SELECT relname, relpersistence FROM pg_class WHERE relname IN ('app_attest_challenges', 'app_attest_keys') AND relnamespace = 'public'::regnamespace ORDER BY relname",
    );
    expect(rows).toEqual([
      { relname: 'app_attest_challenges', relpersistence: 'u' },
      { relname: 'app_attest_keys', relpersistence: 'p' },
    ]);
  });
});

describe('migrate', () => {
  const tablesOf = async (schema: string) => {
    const sql = 'SELECT relname FROM pg_class WHERE relnamespace = $1::regnamespace ORDER BY relname';
    return (await database.query<{ relname: string }>(sql, [schema])).rows.map(({ relname }) => relname);
  };
  const versions = async (schema: string) =>
    (await database.query(`SELECT version FROM ${schema}.app_attest_migrations ORDER BY version`)).rows;

  it('creates the tables in one statement, and changes nothing when it is called again', async () => {
    const query = vi.fn((text: string, values: unknown[]) => database.query(text, values));
    for (let call = 1; call <= 2; call += 1) {
      await migrate({ query }, { schema: 'twice' });
      expect(query.mock.calls).toEqual(Array.from({ length: call }, () => [expect.stringMatching(/^DO /), []]));
      expect(await versions('twice')).toEqual(migrations.map(({ version }) => ({ version })));
    }
    expect(await postgresStores(database, { schema: 'twice' }).keys.insert(newKey())).toBe(true);
  });

  it('creates the same tables as the SQL of the exported migrations', async () => {
    await migrate(database, { schema: 'by_migrate' });
    await database.exec('CREATE SCHEMA by_files; SET search_path TO by_files');
    for (const { sql } of migrations) await database.query(sql);
    await database.query('SET search_path TO public');
    const columns = async (schema: string) => {
      const sql = `SELECT c.relname, c.relpersistence, c.reloptions, a.attname, a.attnotnull, a.attcollation,
          format_type(a.atttypid, a.atttypmod) AS type, replace(pg_get_indexdef(c.oid), $1, '') AS index
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        WHERE c.relnamespace = $1::regnamespace AND c.relname NOT LIKE 'app_attest_migrations%' ORDER BY c.relname, a.attnum`;
      return (await database.query(sql, [schema])).rows;
    };
    expect(await columns('by_migrate')).toEqual(await columns('by_files'));
    expect((await columns('by_files')).length).toBeGreaterThan(24);
  });

  it('runs a migration that is missing', async () => {
    await migrate(database, { schema: 'older' });
    await database.exec(`DROP INDEX older.app_attest_keys_receipt_due_at;
      DELETE FROM older.app_attest_migrations WHERE version = 5`);
    await migrate(database, { schema: 'older' });
    expect(await tablesOf('older')).toContain('app_attest_keys_receipt_due_at');
    expect(await versions('older')).toEqual(migrations.map(({ version }) => ({ version })));
  });

  it('creates no table if a migration fails', async () => {
    // The fourth migration creates an index with the same name, so it fails.
    await database.exec('CREATE SCHEMA half; CREATE TABLE half.app_attest_keys_subject ()');
    await expect(migrate(database, { schema: 'half' })).rejects.toThrow('"app_attest_keys_subject" already exists');
    expect(await tablesOf('half')).toEqual(['app_attest_keys_subject']);
    await database.query('DROP TABLE half.app_attest_keys_subject');
    await migrate(database, { schema: 'half' });
    expect(await versions('half')).toHaveLength(migrations.length);
  });

  it('rejects tables of a later release, and names both versions in the error', async () => {
    await migrate(database, { schema: 'future' });
    await database.query('INSERT INTO future.app_attest_migrations (version) VALUES (17)');
    await expect(migrate(database, { schema: 'future' })).rejects.toThrow(
      'the tables of app-attest are at version 17, but this release of app-attest knows versions up to 5',
    );
  });

  it('rejects tables that another tool created until their version is recorded, as docs/stores.md describes', async () => {
    await database.exec('CREATE SCHEMA other_tool; SET search_path TO other_tool');
    for (const { sql } of migrations.slice(0, 3)) await database.query(sql);
    const before = await tablesOf('other_tool');
    await expect(migrate(database)).rejects.toThrow('the tables were created without migrate');
    expect(await tablesOf('other_tool')).toEqual(before);

    await database.exec(documentedSql('generate_series').replace('generate_series(1, 5)', 'generate_series(1, 3)'));
    await migrate(database);
    expect(await versions('other_tool')).toEqual(migrations.map(({ version }) => ({ version })));
    await database.query('SET search_path TO public');
  });

  it.each([`it's "ours" \\ $app_attest$ $$ %`, `'; DROP TABLE app_attest_keys; --`, 'ÄÖ 用', 'SELECT'])(
    'creates the schema %s, and uses it in later calls',
    async (schema) => {
      await migrate(database, { schema });
      await migrate(database, { schema });
      const { rows } = await database.query('SELECT count(*)::int AS count FROM pg_namespace WHERE nspname = $1', [
        schema,
      ]);
      expect(rows).toEqual([{ count: 1 }]);
      expect(await postgresStores(database, { schema }).keys.insert(newKey())).toBe(true);
    },
  );

  it('fails for a role that may not create objects, but succeeds if no migration is missing', async () => {
    await database.exec(
      'CREATE SCHEMA granted; CREATE ROLE server; GRANT USAGE ON SCHEMA granted TO server; SET ROLE server',
    );
    await expect(migrate(database, { schema: 'granted' })).rejects.toThrow('permission denied for schema granted');
    await expect(migrate(database, { schema: 'absent' })).rejects.toThrow('permission denied for database');
    await database.query('RESET ROLE');
    await migrate(database, { schema: 'granted' });
    await database.exec('GRANT SELECT ON granted.app_attest_migrations TO server; SET ROLE server');
    await migrate(database, { schema: 'granted' });
    await database.query('RESET ROLE');
  });

  it('needs only the privileges of app_attest_owner in docs/stores.md, and the stores need only those of app_attest_server', async () => {
    await database.exec('CREATE ROLE app_attest_owner; CREATE ROLE app_attest_server; CREATE SCHEMA app_attest');
    await database.exec(documentedSql('app_attest_owner'));
    await database.query('SET ROLE app_attest_owner');
    await migrate(database, { schema: 'app_attest' });
    await database.exec(
      `RESET ROLE; ${documentedSql('\nGRANT SELECT ON app_attest.app_attest_migrations TO')}; SET ROLE app_attest_server`,
    );
    const stores = postgresStores(database, { schema: 'app_attest' });
    for (const { run } of storeConformance(() => stores)) await run();
    await stores.challenges.removeExpired();
    await migrate(database, { schema: 'app_attest' });
    await database.query('RESET ROLE');
  });

  const WRONG: readonly [string, unknown, unknown][] = [
    ['undefined instead of a queryable', undefined, {}],
    ['an object without the method query', {}, {}],
    ['an unknown option', { query: async () => ({ rows: [] }) }, { Schema: 'a' }],
    ['a schema name that PostgreSQL would truncate', { query: async () => ({ rows: [] }) }, { schema: 'ä'.repeat(32) }],
  ];
  it.each(WRONG)('rejects %s', async (_, queryable, options) => {
    await expectCode(() => migrate(queryable as Queryable, options as MigrateOptions), 'invalid_argument');
  });
});

/** Returns the only SQL block in docs/stores.md that contains this text. */
function documentedSql(text: string): string {
  const blocks = readFileSync('docs/stores.md', 'utf8').matchAll(/```sql\n(.+?)```/gs);
  const [block, ...others] = [...blocks].map(([, sql = '']) => sql).filter((sql) => sql.includes(text));
  if (block === undefined || others.length > 0)
    throw new Error(`docs/stores.md must have exactly one SQL block that contains ${text}`);
  return block;
}
