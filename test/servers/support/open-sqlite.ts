import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { createClient } from '@libsql/client';
import {
  migrate,
  type SqliteDatabase,
  type SynchronousSqlite,
  sqliteStores,
} from '../../../src/stores/sqlite/index.js';

/** Each client of a file. `node:sqlite` needs Node.js 22.13 or later. */
export type SqliteClient = 'better-sqlite3' | 'libsql' | 'node:sqlite';

/** A database whose methods are synchronous. */
export type Closable = SynchronousSqlite & { close(): void };

/** The path is correct for the sources, and for the build of the processes. */
export const CLIENTS = fileURLToPath(new URL('../../sqlite/package.json', import.meta.url));

const load = createRequire(CLIENTS);

export async function openSqlite(client: SqliteClient, path: string, timeout?: number) {
  const database = openDatabase(client, path);
  await migrate(database);
  return {
    stores: sqliteStores(database, { timeout }),
    close: async (): Promise<void> => database.close(),
  };
}

export function openDatabase(client: SqliteClient, path: string): SqliteDatabase & { close(): void } {
  switch (client) {
    case 'better-sqlite3':
      return openBetterSqlite3(path);
    case 'libsql':
      return createClient({ url: `file:${path}` });
    case 'node:sqlite': {
      const { DatabaseSync }: { DatabaseSync: new (path: string) => Closable } = load('node:sqlite');
      return new DatabaseSync(path);
    }
  }
}

export function openBetterSqlite3(path: string): Closable {
  const Database: new (path: string) => Closable = load('better-sqlite3');
  return new Database(path);
}
