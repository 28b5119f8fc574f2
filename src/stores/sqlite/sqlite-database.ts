import { AppAttestError } from '../../errors.js';
import type { SqliteDriver, SqliteValue } from './sqlite-driver.js';
import { isLocked } from './sqlite-lock.js';

/** A database of `better-sqlite3` or `node:sqlite`, whose methods are synchronous. */
export interface SynchronousSqlite {
  /** Prepares a statement. */
  prepare(sql: string): SynchronousStatement;
  /** Runs statements without values. */
  exec(sql: string): unknown;
  /** Whether a transaction is open, in `better-sqlite3`. */
  readonly inTransaction?: boolean | undefined;
  /** Whether a transaction is open, in `node:sqlite`. */
  readonly isTransaction?: boolean | undefined;
}

/** A prepared statement. Its values are `unknown`, because each client has a different type for values. */
export interface SynchronousStatement {
  /** Runs the statement to its end, and returns its rows. */
  all(...values: unknown[]): readonly unknown[];
  /** Runs a statement without rows. */
  run(...values: unknown[]): unknown;
  /**
   * Whether the statement returns rows. Only `better-sqlite3` has this property. Its method `all` throws for a statement without
   * rows.
   */
  readonly reader?: boolean | undefined;
}

/** A client of `@libsql/client`. */
export interface LibsqlLike {
  /** Runs a statement. */
  execute(statement: { sql: string; args: SqliteValue[] }): Promise<{
    /** The rows. */
    rows: readonly unknown[];
  }>;
  /** `'file'` for a file or a database in memory. For a remote database, the protocol of the connection. */
  readonly protocol: string;
  /** Closes the connections of the client. The client then opens new connections. */
  reconnect(): unknown;
}

/** A database of Cloudflare D1, as a binding of a Worker. */
export interface D1Like {
  /** Prepares a statement. */
  prepare(sql: string): {
    /** Sets the values of the statement. */
    bind(...values: SqliteValue[]): {
      /** Runs the statement. */
      all(): Promise<{
        /** The rows. */
        results: readonly unknown[];
      }>;
    };
  };
  /** Runs statements in one transaction. The stores only check that this method exists, to recognize D1. */
  batch(statements: never[]): Promise<unknown>;
}

/** A database that {@link sqliteStores} accepts. */
export type SqliteDatabase = SynchronousSqlite | LibsqlLike | D1Like | SqliteDriver;

/** @throws AppAttestError `invalid_argument` */
export function driverOf(database: SqliteDatabase): SqliteDriver {
  if (isObject(database)) {
    if ('rows' in database && typeof database.rows === 'function') return database;
    if ('execute' in database && typeof database.execute === 'function') return libsql(database);
    if ('prepare' in database && typeof database.prepare === 'function') {
      if ('batch' in database && typeof database.batch === 'function') return d1(database);
      if ('exec' in database && typeof database.exec === 'function') return synchronous(database);
    }
  }
  throw new AppAttestError(
    'invalid_argument',
    'database must be a database of better-sqlite3, node:sqlite, @libsql/client or Cloudflare D1, or have a method rows(sql, values)',
  );
}

function isObject(database: unknown): boolean {
  return typeof database === 'object' && database !== null;
}

function synchronous(database: SynchronousSqlite): SqliteDriver {
  const prepared = new Map<string, SynchronousStatement>();
  return {
    local: true,
    rows(sql, values) {
      if (database.inTransaction === true || database.isTransaction === true) {
        throw new Error(
          'the SQLite connection has an open transaction: sqliteStores needs a connection that nothing else uses',
        );
      }
      const statement = prepared.get(sql) ?? database.prepare(sql);
      prepared.set(sql, statement);
      if (statement.reader !== false) return statement.all(...values);
      statement.run(...values);
      return [];
    },
  };
}

function libsql(client: LibsqlLike): SqliteDriver {
  const local = client.protocol === 'file';
  return {
    local,
    async rows(sql, values) {
      try {
        return (await client.execute({ sql, args: [...values] })).rows;
      } catch (error) {
        // The client does not reset a statement that failed because of a lock. While this statement exists, the next statements of
        // the connection are not committed: https://github.com/tursodatabase/libsql-client-ts/issues/352
        if (local && isLocked(error)) await client.reconnect();
        throw error;
      }
    },
  };
}

function d1(database: D1Like): SqliteDriver {
  return {
    rows: async (sql, values) =>
      (
        await database
          .prepare(sql)
          .bind(...values)
          .all()
      ).results,
  };
}
