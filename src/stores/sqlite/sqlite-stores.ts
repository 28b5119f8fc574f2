import { readKnownOptions } from '../../options/known-options.js';
import { readTimeLimit } from '../../runtime/time-limit.js';
import type { Stores } from '../../server/stores.js';
import { SqliteChallengeStore } from './sqlite-challenge-store.js';
import { SqliteConnection } from './sqlite-connection.js';
import { driverOf, type SqliteDatabase } from './sqlite-database.js';
import { SqliteKeyStore } from './sqlite-key-store.js';

/** Options of {@link sqliteStores}. */
export interface SqliteStoresOptions {
  /** The time limit for a statement, including the wait for a lock, in seconds. 5 by default, at most 2147483. */
  timeout?: number | undefined;
}

/** The stores for challenges and keys, in SQLite. */
export interface SqliteStores extends Stores {
  /** The store for challenges. It also has the method `removeExpired`. */
  challenges: SqliteChallengeStore;
}

/**
 * Creates stores in SQLite 3.42 or later. You open the database with `better-sqlite3`, `node:sqlite` (Node.js 22.13 and later),
 * `@libsql/client` or Cloudflare D1. Create the tables with `migrate` first.
 *
 * Pass a connection that nothing else uses. Before the first statement, the stores set `synchronous = FULL` and
 * `busy_timeout = 0` on the connection. With `synchronous = FULL`, a power failure loses no acknowledged change. If another
 * process holds the lock of the file, the stores wait without blocking the event loop, and try again until the time limit. On D1
 * and on other remote databases, the stores set nothing.
 *
 * Each method runs one statement. On average, one call of `put` or `spend` in 64 runs a second statement, which deletes a batch
 * of expired challenges. SQLite measures the lifetime of challenges by the clock of the machine.
 *
 * @throws AppAttestError `invalid_argument`
 *
 * @example
 * ```ts
 * const database = new DatabaseSync('app-attest.db');
 * await migrate(database);
 * const appAttest = createAppAttest({ appId: 'TEAMID1234.com.example.app', ...sqliteStores(database) });
 * ```
 */
export function sqliteStores(database: SqliteDatabase, options: SqliteStoresOptions = {}): SqliteStores {
  const { timeout = 5 } = readKnownOptions<SqliteStoresOptions>('sqliteStores', options, {
    timeout: 'may be undefined',
  });
  const connection = new SqliteConnection(driverOf(database), readTimeLimit('timeout', timeout));
  return { challenges: new SqliteChallengeStore(connection), keys: new SqliteKeyStore(connection) };
}
