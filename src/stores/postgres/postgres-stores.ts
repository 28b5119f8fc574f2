import { AppAttestError } from '../../errors.js';
import { readKnownOptions } from '../../options/known-options.js';
import { readTimeLimit, withinTimeLimit } from '../../runtime/time-limit.js';
import type { KeyStore } from '../../server/key-store.js';
import { PostgresChallengeStore } from './postgres-challenge-store.js';
import { PostgresKeyStore } from './postgres-key-store.js';
import type { Queryable } from './queryable.js';
import { tablesIn } from './tables.js';

/** Options of {@link postgresStores}: where their tables are, and how long they wait. */
export interface PostgresStoresOptions {
  /** The schema, quoted by the stores. By default, and for every connection, the one that `search_path` leads to. */
  schema?: string | undefined;
  /** How long to wait for an answer of PostgreSQL, or for a connection, in seconds, at most 2147483. 5 by default. */
  timeout?: number | undefined;
}

/**
 * Stores in PostgreSQL 13 or later, on a pool that the user has. Run {@link migrations} first.
 *
 * Each method is one statement with its values, without a name, a transaction or a setting of the session: poolers of
 * any mode may stand between. Challenges are over by the clock of the database; those that are over are removed in
 * batches, by the way.
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
export function postgresStores(
  queryable: Queryable,
  options: PostgresStoresOptions = {},
): { challenges: PostgresChallengeStore; keys: KeyStore } {
  const { schema, timeout = 5 } = readKnownOptions<PostgresStoresOptions>('postgresStores', options, {
    schema: 'may be undefined',
    timeout: 'may be undefined',
  });
  if (typeof queryable?.query !== 'function') {
    throw new AppAttestError('invalid_argument', 'queryable must have a method query(text, values)');
  }
  const tables = tablesIn(schema);
  const timeLimit = readTimeLimit('timeout', timeout);
  const limited: Queryable = {
    query: (text, values) => withinTimeLimit(timeLimit, 'PostgreSQL', queryable.query(text, values)),
  };
  return { challenges: new PostgresChallengeStore(limited, tables), keys: new PostgresKeyStore(limited, tables) };
}
