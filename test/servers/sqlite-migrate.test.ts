import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { newKey } from '../../src/conformance/new-key.js';
import { migrate, migrations, sqliteStores } from '../../src/stores/sqlite/index.js';
import { fileForEachTest } from './support/file-for-each-test.js';
import { openBetterSqlite3 } from './support/open-sqlite.js';

const sqlite = fileForEachTest();
const key = newKey();

describe('migrate', () => {
  const versions = () => sqlite.query('SELECT version FROM app_attest_migrations ORDER BY version');
  const all = migrations.map(({ version }) => ({ version }));

  it('has migrations that are numbered from 1 without gaps, have names for files, and consist of one statement each', () => {
    expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1));
    for (const { name, sql } of migrations) {
      expect(name).toMatch(/^[a-z-]+$/);
      expect(sql).not.toMatch(/[;?]/);
    }
  });

  it('changes nothing when several servers call it again at the same time', async () => {
    const { keys } = sqliteStores(sqlite.open('better-sqlite3'));
    await keys.insert(key);
    await Promise.all(
      [sqlite.open('better-sqlite3'), sqlite.open('better-sqlite3'), sqlite.open('better-sqlite3')].map((opened) =>
        migrate(opened),
      ),
    );
    expect(versions()).toEqual(all);
    expect(await keys.remove(key.keyId)).toBe(true);
  });

  it.each(migrations)(
    'continues after migration $version, even if its version was not recorded',
    async ({ version }) => {
      sqlite.database.exec(
        'DROP TABLE app_attest_keys; DROP TABLE app_attest_challenges; DELETE FROM app_attest_migrations',
      );
      for (const { sql } of migrations.slice(0, version)) sqlite.database.exec(sql);
      await migrate(sqlite.open('better-sqlite3'));
      expect(versions()).toEqual(all);
      expect(await sqliteStores(sqlite.open('better-sqlite3')).keys.insert(key)).toBe(true);
    },
  );

  it('rejects tables of a later release', async () => {
    sqlite.database.exec('INSERT INTO app_attest_migrations VALUES (9, 0)');
    await expect(migrate(sqlite.open('better-sqlite3'))).rejects.toThrow(
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
