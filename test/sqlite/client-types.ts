import type { DatabaseSync } from 'node:sqlite';
import type { D1Database } from '@cloudflare/workers-types';
import type { Database } from 'better-sqlite3';
import { migrate, type SqliteStores, sqliteStores } from '../../src/stores/sqlite/index.js';

/** Compiles only if the stores accept the types of these clients. `examples/sqlite.ts` checks the types of `@libsql/client`. */
export async function withTypesOfClients(
  better: Database,
  node: DatabaseSync,
  d1: D1Database,
): Promise<SqliteStores[]> {
  await Promise.all([migrate(better), migrate(node), migrate(d1)]);
  return [sqliteStores(better), sqliteStores(node), sqliteStores(d1)];
}
