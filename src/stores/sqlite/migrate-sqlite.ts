import { SqliteConnection } from './sqlite-connection.js';
import { driverOf, type SqliteDatabase } from './sqlite-database.js';
import { sqliteMigrations } from './sqlite-migrations.js';
import { sqliteStatement } from './sqlite-statement.js';

/**
 * Seconds. Longer than the limit of the stores, because another process may hold the lock while it creates an index of a large
 * table.
 */
const TIME_LIMIT = 60;

/**
 * Creates or updates the tables of `sqliteStores`. Runs the missing {@link migrations} in order, and records their versions in
 * the table `app_attest_migrations`. If no migration is missing, `migrate` does not change the tables. So call `migrate` whenever a
 * server starts. Several servers can call it at the same time.
 *
 * For a file, `migrate` also sets the journal mode `WAL`, which SQLite stores in the file. For D1 and other remote databases,
 * `migrate` only creates the tables, because these databases have a journal of their own.
 *
 * Each migration is one statement that has no effect the second time. So if the process ends between two statements, the next call
 * continues.
 *
 * `migrate` rejects with an error that is not an `AppAttestError` in these cases:
 *
 * - The database cannot be written, or another process holds its lock for more than a minute.
 * - The file system does not support the journal mode `WAL`, such as a network file system.
 * - The version of the tables is later than the versions that this release knows.
 *
 * @param database A database of `better-sqlite3`, `node:sqlite`, `@libsql/client` or Cloudflare D1, or a `SqliteDriver`
 * @throws AppAttestError `invalid_argument`: `database` is not one of these objects
 *
 * @example
 * ```ts
 * const database = new DatabaseSync('app-attest.db');
 * await migrate(database);
 * const stores = sqliteStores(database);
 * ```
 */
export async function migrateSqlite(database: SqliteDatabase): Promise<void> {
  const connection = new SqliteConnection(driverOf(database), TIME_LIMIT);
  if (connection.isLocal) await useWriteAheadLog(connection);
  await connection.rows(CREATE_VERSIONS, []);
  const present = await readVersion(connection);
  const newest = sqliteMigrations.length;
  if (present > newest) {
    throw new Error(
      `the tables of app-attest are at version ${present}, but this release of app-attest knows versions up to ${newest}`,
    );
  }
  for (const { version, sql } of sqliteMigrations.slice(present)) {
    await connection.rows(sqliteStatement(sql), []);
    await connection.rows(RECORD_VERSION, [version]);
  }
}

/** A database in memory always has the journal mode `memory`, so this mode is accepted too. */
async function useWriteAheadLog(connection: SqliteConnection): Promise<void> {
  const [row] = await connection.rows(WRITE_AHEAD_LOG, []);
  const mode = row?.text('journal_mode');
  if (mode === 'wal' || mode === 'memory') return;
  throw new Error(`SQLite cannot use the journal mode wal for this file, and uses ${mode}`);
}

async function readVersion(connection: SqliteConnection): Promise<number> {
  const [row] = await connection.rows(READ_VERSION, []);
  return row?.integer('version') ?? 0;
}

const WRITE_AHEAD_LOG = sqliteStatement('PRAGMA journal_mode = WAL');

const CREATE_VERSIONS = sqliteStatement(`
CREATE TABLE IF NOT EXISTS app_attest_migrations (version INTEGER PRIMARY KEY, migrated_at INTEGER NOT NULL) STRICT`);

const READ_VERSION = sqliteStatement('SELECT coalesce(max(version), 0) AS version FROM app_attest_migrations');

const RECORD_VERSION = sqliteStatement(`
INSERT INTO app_attest_migrations (version, migrated_at) VALUES (?1, unixepoch() * 1000) ON CONFLICT DO NOTHING`);
