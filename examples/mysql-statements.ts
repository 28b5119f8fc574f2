import { setTimeout } from 'node:timers/promises';
import type { Pool, PoolConnection, QueryResult, ResultSetHeader, RowDataPacket } from 'mysql2/promise';

type Values = Record<string, string | number | Buffer | null>;

/** Runs statements without a transaction, so the database commits each statement before it responds. */
export class MysqlStatements {
  readonly #pool: Pool;
  readonly #timeout: number;

  /** `timeout` is the time limit for a statement, including the wait for a connection, in seconds. */
  constructor(pool: Pool, timeout: number) {
    this.#pool = pool;
    this.#timeout = timeout;
  }

  /** Runs a `SELECT`. */
  rows<Row extends RowDataPacket>(sql: string, values: Values): Promise<Row[]> {
    return this.#run<Row[]>(sql, values);
  }

  /** Runs an `UPDATE` or `DELETE`. Returns the number of rows that the statement found. */
  async found(sql: string, values: Values): Promise<number> {
    return (await this.#run<ResultSetHeader>(sql, values)).affectedRows;
  }

  /** Runs an `INSERT`. Returns `false` if the primary key exists. `INSERT IGNORE` would ignore other errors too. */
  async inserts(sql: string, values: Values): Promise<boolean> {
    try {
      await this.#run<ResultSetHeader>(sql, values);
      return true;
    } catch (error) {
      if (isError(error, 'ER_DUP_ENTRY')) return false;
      throw error;
    }
  }

  async #run<Result extends QueryResult>(sql: string, values: Values): Promise<Result> {
    const end = new AbortController();
    let connection: PoolConnection | undefined;
    const limit = async () => {
      await setTimeout(this.#timeout * 1000, undefined, { signal: end.signal });
      connection?.destroy(); // the server may never respond on this connection
      throw new Error(`MySQL did not respond within ${this.#timeout} seconds`);
    };
    const run = async () => {
      connection = await this.#pool.getConnection();
      try {
        while (true) {
          end.signal.throwIfAborted();
          try {
            return (await connection.execute<Result>(sql, values))[0];
          } catch (error) {
            // To end a deadlock, InnoDB undoes one of the statements. This statement can run again.
            if (!isError(error, 'ER_LOCK_DEADLOCK')) throw error;
          }
        }
      } finally {
        connection.release();
      }
    };
    return Promise.race([run(), limit()]).finally(() => end.abort());
  }
}

function isError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
