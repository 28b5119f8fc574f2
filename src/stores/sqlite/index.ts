/**
 * Stores in SQLite. You open the database with `better-sqlite3`, `node:sqlite`, `@libsql/client` or Cloudflare D1.
 *
 * @module app-attest/sqlite
 */

export { migrateSqlite as migrate } from './migrate-sqlite.js';
export type { SqliteChallengeStore } from './sqlite-challenge-store.js';
export type { D1Like, LibsqlLike, SqliteDatabase, SynchronousSqlite, SynchronousStatement } from './sqlite-database.js';
export type { SqliteDriver, SqliteValue } from './sqlite-driver.js';
export { type SqliteMigration, sqliteMigrations as migrations } from './sqlite-migrations.js';
export { type SqliteStores, type SqliteStoresOptions, sqliteStores } from './sqlite-stores.js';
