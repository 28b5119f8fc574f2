import { readKnownOptions } from '../../options/known-options.js';
import { readTimeLimit, withinTimeLimit } from '../../runtime/time-limit.js';
import type { Stores } from '../../server/stores.js';
import { PostgresChallengeStore } from './postgres-challenge-store.js';
import { PostgresKeyStore } from './postgres-key-store.js';
import { type Queryable, readQueryable } from './queryable.js';
import { tablesIn } from './tables.js';

/** Options of {@link postgresStores}. */
export interface PostgresStoresOptions {
  /** The schema of the tables, without quotes. By default, PostgreSQL finds the tables through the `search_path`. */
  schema?: string | undefined;
  /** The time limit for a statement, including the wait for a connection, in seconds. 5 by default, at most 2147483. */
  timeout?: number | undefined;
}

/** The stores for challenges and keys, in PostgreSQL. */
export interface PostgresStores extends Stores {
  /** The store for challenges. It also has the method `removeExpired`. */
  challenges: PostgresChallengeStore;
}

/**
 * Creates stores in PostgreSQL 13 or later, on a pool that you provide. Create the tables with {@link migrate} first.
 *
 * Each method runs one parameterised statement. On average, one in 64 calls of `put` and `spend` runs a second
 * statement, which deletes a batch of expired challenges. The methods need no named prepared statement, transaction or
 * session setting, so every mode of a connection pooler works. {@link prepared} makes the statements faster. The database
 * measures the lifetime of challenges by its own clock.
 *
 * Do not turn off `fsync` or `synchronous_commit`. `docs/stores.md` describes which data could be lost without them.
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
