import { createClient } from '@libsql/client';
import { migrate, sqliteStores } from 'app-attest/sqlite';

/** Opens a file such as `app-attest.db`, and creates the tables. Nothing else may use the client. */
export async function openSqlite(path: string, timeout = 2) {
  const client = createClient({ url: `file:${path}` });
  await migrate(client);
  return { client, stores: sqliteStores(client, { timeout }) };
}
