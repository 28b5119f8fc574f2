import { DatabaseSync } from 'node:sqlite';
import { migrate, sqliteStores } from 'app-attest/sqlite';

export async function openNodeSqlite(path: string, timeout = 2) {
  const database = new DatabaseSync(path);
  await migrate(database);
  return { database, stores: sqliteStores(database, { timeout }) };
}
