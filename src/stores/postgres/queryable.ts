import { StoredRecord } from '../stored-record.js';

/**
 * What runs a statement with its values, each on its own: a `Pool` or a `Client` of the package `pg`, `PGlite`, or a
 * wrapper of another driver. Not a connection inside a transaction: what is rolled back never happened, and a challenge
 * would work twice.
 */
export interface Queryable {
  query(text: string, values: unknown[]): Promise<{ rows: unknown[] }>;
}

/** The rows that a statement returns. */
export async function rows(queryable: Queryable, text: string, values: unknown[]): Promise<StoredRecord[]> {
  const result = await queryable.query(text, values);
  return result.rows.map((row) => new StoredRecord(row));
}
