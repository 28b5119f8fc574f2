/** A value of a statement. Numbers are integers between -(2^53 - 1) and 2^53 - 1. */
export type SqliteValue = string | number | null;

/**
 * Runs single SQL statements in SQLite. Write a driver for a client that the stores do not recognise.
 *
 * - SQLite must be 3.42 or later, and must evaluate integers in SQL with 64 bits.
 * - Each statement must be committed when `rows` returns. Do not pass a connection with an open transaction: after a rollback,
 *   a used challenge would be valid again.
 * - A statement with `RETURNING` must run to its end. If the client stops after the first row, an error of the commit is lost.
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
   * Whether the driver runs all statements on one connection to a file. The stores then set the `PRAGMA`s of the connection, and
   * run one statement at a time. `false` by default: a remote database keeps its own settings, and gets concurrent statements.
   */
  readonly local?: boolean | undefined;
}
