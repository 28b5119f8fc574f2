import { sha256OfText } from '../../encoding/bytes.js';
import type { Queryable } from './queryable.js';

/** A `Pool` or `Client` of the package `pg`, which can prepare named statements. */
export interface PreparingQueryable {
  /** Prepares the statement on this connection, unless it has prepared a statement with this name before. Then runs it. */
  query(statement: {
    /** At most 63 bytes, the limit of PostgreSQL. */
    name: string;
    text: string;
    values: unknown[];
  }): Promise<{ rows: unknown[] }>;
}

/**
 * Makes the stores use named prepared statements. PostgreSQL then parses and plans each statement a few times for each
 * connection, and not for each call. docs/scaling.md shows the difference. PgBouncer in the modes `transaction` and `statement`
 * supports named prepared statements from version 1.21 on, if `max_prepared_statements` is greater than 0.
 *
 * @param pool A `Pool` or `Client` of the package `pg`
 *
 * @example
 * ```ts
 * const appAttest = createAppAttest({ appId: 'TEAMID1234.com.example.app', ...postgresStores(prepared(pool)) });
 * ```
 *
 * @see https://node-postgres.com/features/queries#prepared-statements
 */
export function prepared(pool: PreparingQueryable): Queryable {
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

/** Statements of two versions of this package, or of two schemas, can run on the same connection. So the text decides the name. */
function nameOf(text: string): string {
  return `app-attest ${Buffer.from(sha256OfText(text)).toString('base64url')}`;
}
