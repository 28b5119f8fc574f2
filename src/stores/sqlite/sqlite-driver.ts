/** A value of a statement. Numbers are integers between -(2^53 - 1) and 2^53 - 1. */
export type SqliteValue = string | number | null;

/**
 * Runs single SQL statements in SQLite. Write a driver for a client that the stores do not recognize.
 *
 * - SQLite must be 3.42 or later, and must evaluate integers in SQL with 64 bits.
 * - Each statement must be committed when `rows` returns. Do not pass a connection with an open transaction. After a rollback of
 *   this transaction, a used challenge would be valid again.
 * - `rows` must run a statement with `RETURNING` to its end. If it stopped after the first row, it would not report an error of the
 *   commit.
 * - If the database is locked, the error must have the `code` `SQLITE_BUSY`. The stores then try again, until their time limit.
 *
 * @example
 * ```ts
 * const driver: SqliteDriver = { local: true, rows: (sql, values) => ownClient.all(sql, values) };
 * const stores = sqliteStores(driver);
 * ```
 */
export interface SqliteDriver {
  /**
   * Runs one statement.
   *
   * @param sql Each `?` in the statement stands for the next of `values`
   * @returns The rows. Each row is an object with a property for each column. Empty for a statement without rows
   */
  rows(sql: string, values: readonly SqliteValue[]): readonly unknown[] | Promise<readonly unknown[]>;

  /**
   * Whether the driver runs all statements on one connection to a file. `false` by default. If `true`, the stores set two
   * `PRAGMA`s on the connection, and run one statement at a time. If `false`, the stores set no `PRAGMA`, and run statements
   * concurrently.
   */
  readonly local?: boolean | undefined;
}
