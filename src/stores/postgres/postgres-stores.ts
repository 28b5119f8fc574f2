import { readKnownOptions } from '../../options/known-options.js';
import { readTimeLimit, withinTimeLimit } from '../../runtime/time-limit.js';
import type { Stores } from '../../server/stores.js';
import { PostgresChallengeStore } from './postgres-challenge-store.js';
import { PostgresKeyStore } from './postgres-key-store.js';
import { type Queryable, readQueryable } from './queryable.js';
import { tablesIn } from './tables.js';

/** Options of {@link postgresStores}. */
export interface PostgresStoresOptions {
  /** The schema of the tables; it is quoted for you. By default, the one that each connection's `search_path` finds. */
  schema?: string | undefined;
  /** How long to wait for a connection and a result, in seconds, at most 2147483. 5 by default. */
  timeout?: number | undefined;
}

/** Both stores of a server, in PostgreSQL. */
export interface PostgresStores extends Stores {
  /** Where challenges are kept, with a method that removes the expired ones. */
  challenges: PostgresChallengeStore;
}

/**
 * Stores in PostgreSQL 13 or later, on a pool that you provide. Create the tables with {@link migrate} first.
 *
 * Each method is one parameterised statement. It uses no prepared statement, transaction or session setting, so that
 * connection poolers work in any mode. Challenges expire by the clock of the database. `put` deletes expired challenges
 * in batches.
 *
 * Leave `fsync` and `synchronous_commit` on: `docs/stores.md` says what is lost otherwise.
 *
 * @throws AppAttestError `invalid_argument`
 *
 * @example
 * ```ts
 * const pool = new Pool({ connectionString, connectionTimeoutMillis: 5000, query_timeout: 5000 });
 * const appAttest = createAppAttest({ appId: 'TEAMID1234.com.example.app', ...postgresStores(pool) });
 * ```
 */
export function postgresStores(queryable: Queryable, options: PostgresStoresOptions = {}): PostgresStores {
  const { schema, timeout = 5 } = readKnownOptions<PostgresStoresOptions>('postgresStores', options, {
    schema: 'may be undefined',
    timeout: 'may be undefined',
  });
  const database = readQueryable(queryable);
  const tables = tablesIn(schema);
  const timeLimit = readTimeLimit('timeout', timeout);
  const limited: Queryable = {
    query: (text, values) => withinTimeLimit(timeLimit, 'PostgreSQL', database.query(text, values)),
  };
  return { challenges: new PostgresChallengeStore(limited, tables), keys: new PostgresKeyStore(limited, tables) };
}
