import { sha256OfText } from '../../encoding/bytes.js';
import { AppAttestError } from '../../errors.js';
import type { Queryable } from './queryable.js';

/** An object that can prepare named statements: a `Pool` or a `Client` of the package `pg`. */
export interface PreparingQueryable {
  /** Prepares the statement, unless the connection already has a prepared statement with this name. Then runs the statement. */
  query(statement: {
    /** At most 63 bytes, the limit of PostgreSQL. */
    name: string;
    text: string;
    values: unknown[];
  }): Promise<{
    /** The rows. Each row is an object with a property for each column. */
    rows: unknown[];
  }>;
}

/**
 * Makes the stores use named prepared statements. On each connection, PostgreSQL then parses each statement once, and usually
 * reuses its plan after a few calls. docs/scaling.md shows how much this saves. In the modes `transaction` and `statement`,
 * PgBouncer supports named prepared statements from version 1.21 on, if `max_prepared_statements` is greater than 0.
 *
 * @param pool A `Pool` or a `Client` of the package `pg`
 *
 * @throws AppAttestError `invalid_argument`: `pool` has no method `query`
 *
 * @example
 * ```ts
 * const appAttest = createAppAttest({ appId: 'TEAMID1234.com.example.app', ...postgresStores(prepared(pool)) });
 * ```
 *
 * @see https://node-postgres.com/features/queries#prepared-statements
 */
export function prepared(pool: PreparingQueryable): Queryable {
  if (typeof pool?.query !== 'function') {
    throw new AppAttestError('invalid_argument', 'prepared needs a Pool or a Client of the package pg');
  }
  const names = new Map<string, string>();
  return {
    query: (text, values) => {
      const name = names.get(text) ?? nameOf(text);
      // The number of different statements is fixed, so this map stays small.
      names.set(text, name);
      return pool.query({ name, text, values });
    },
  };
}

/**
 * Creates the name from the text of the statement. Two versions of this package, or stores for two schemas, can use the same
 * connection, so their statements must have different names.
 */
function nameOf(text: string): string {
  return `app-attest ${Buffer.from(sha256OfText(text)).toString('base64url')}`;
}
