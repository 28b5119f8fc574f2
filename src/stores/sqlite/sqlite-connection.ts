import { setImmediate } from 'node:timers';
import { setTimeout } from 'node:timers/promises';
import { withinTimeLimit } from '../../runtime/time-limit.js';
import { StoredRecord } from '../stored-record.js';
import type { SqliteDriver, SqliteValue } from './sqlite-driver.js';
import { isLocked } from './sqlite-lock.js';
import { type SqliteStatement, valuesOf } from './sqlite-statement.js';

/**
 * With a `busy_timeout`, a statement would wait for a lock, and a synchronous client would block the event loop during this wait.
 * `better-sqlite3` sets a `busy_timeout` of 5 seconds, and uses `synchronous = NORMAL` in the journal mode `WAL`. With `NORMAL`, a
 * power failure can then lose acknowledged changes.
 */
const SETTINGS = ['PRAGMA busy_timeout = 0', 'PRAGMA synchronous = FULL'];

/** The longest pause before the next attempt on a locked database, in milliseconds. */
const LONGEST_PAUSE = 20;

/** Runs statements with a time limit. */
export class SqliteConnection {
  readonly #driver: SqliteDriver;
  /** Seconds. */
  readonly #timeLimit: number;
  /** Each function starts a waiting statement. The statements are in the order of their calls. */
  readonly #waiting: (() => void)[] = [];
  #isRunning = false;
  #isSet = false;

  constructor(driver: SqliteDriver, timeLimit: number) {
    this.#driver = driver;
    this.#timeLimit = timeLimit;
  }

  get isLocal(): boolean {
    return this.#driver.local === true;
  }

  /** Runs a statement and returns its rows. */
  async rows(statement: SqliteStatement, values: readonly SqliteValue[]): Promise<StoredRecord[]> {
    const passed = valuesOf(statement, values);
    const rows = this.isLocal
      ? await this.#inTurn(statement.sql, passed)
      : await withinTimeLimit(this.#timeLimit, 'SQLite', this.#run(statement.sql, passed));
    return rows.map((row) => new StoredRecord(row));
  }

  /**
   * Runs one statement at a time. So while another process holds the lock, only one statement tries again. If a client has several
   * connections, all statements run on the same one.
   */
  async #inTurn(sql: string, values: readonly SqliteValue[]): Promise<readonly unknown[]> {
    const deadline = performance.now() + this.#timeLimit * 1000;
    if (this.#isRunning) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#isRunning = true;
    try {
      return await this.#untilUnlocked(sql, values, deadline);
    } finally {
      this.#next();
    }
  }

  /**
   * Starts the next statement in a later iteration of the event loop, because a statement of a synchronous client blocks the
   * loop.
   */
  #next(): void {
    const next = this.#waiting.shift();
    if (next) setImmediate(next);
    else this.#isRunning = false;
  }

  /**
   * Runs a statement, and tries again while another process holds the lock. If SQLite reports that the database is locked, the
   * statement has changed nothing. So the statement takes effect only once.
   */
  async #untilUnlocked(sql: string, values: readonly SqliteValue[], deadline: number): Promise<readonly unknown[]> {
    for (let pause = 1; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      try {
        if (!this.#isSet) for (const setting of SETTINGS) await this.#run(setting, []);
        this.#isSet = true;
        return await this.#run(sql, values);
      } catch (error) {
        if (!isLocked(error)) throw error;
        this.#isSet = false; // the driver may have opened a new connection, which has the default settings
        if (performance.now() + pause >= deadline) {
          throw new Error(`SQLite did not run the statement within ${this.#timeLimit} seconds`, { cause: error });
        }
      }
      // A random pause, so that several processes do not always try at the same time.
      await setTimeout(Math.ceil(Math.random() * pause));
    }
  }

  async #run(sql: string, values: readonly SqliteValue[]): Promise<readonly unknown[]> {
    return this.#driver.rows(sql, values);
  }
}
