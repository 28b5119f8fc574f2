import { AppAttestError } from '../../errors.js';
import { StoredRecord } from '../stored-record.js';

/**
 * A value that the stores pass to PostgreSQL. The stores pass bytes as base64 text, times as numbers and JSON as text, because
 * clients convert other types in different ways.
 */
export type QueryValue = string | number | null;

/**
 * A database client that runs single SQL statements: a `Pool` or `Client` of the package `pg`, a `PGlite`, or your wrapper of
 * another driver. Do not pass a connection with an open transaction: after a rollback, a used challenge would be valid again.
 */
export interface Queryable {
  /** Runs one statement. `$1` in `text` is the first of `values`. */
  query(
    text: string,
    values: QueryValue[],
  ): Promise<{
    /** The rows. Each row is an object with a property for each column. */
    rows: unknown[];
  }>;
}

/** Runs a statement and returns its rows. */
export async function rows(queryable: Queryable, text: string, values: QueryValue[]): Promise<StoredRecord[]> {
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
