import { AppAttestError } from '../../errors.js';
import { StoredRecord } from '../stored-record.js';

/**
 * Runs single statements with their values: a `Pool` or a `Client` of the package `pg`, `PGlite`, or a wrapper of
 * another driver. It must not be a connection inside a transaction: after a rollback, a challenge would work twice.
 */
export interface Queryable {
  /** Runs one statement; `$1` in it is the first of the values. */
  query(
    text: string,
    values: unknown[],
  ): Promise<{
    /** Each row as an object with an entry for each column. */
    rows: unknown[];
  }>;
}

/** The rows that a statement returns. */
export async function rows(queryable: Queryable, text: string, values: unknown[]): Promise<StoredRecord[]> {
  const result = await queryable.query(text, values);
  return result.rows.map((row) => new StoredRecord(row));
}

/** @throws AppAttestError `invalid_argument` */
export function readQueryable(queryable: Queryable): Queryable {
  if (typeof queryable?.query === 'function') return queryable;
  throw new AppAttestError(
    'invalid_argument',
    'queryable must have a method query(text, values), like a Pool of the package pg',
  );
}
