import { setImmediate } from 'node:timers';
import { setTimeout } from 'node:timers/promises';
import { withinTimeLimit } from '../../runtime/time-limit.js';
import { StoredRecord } from '../stored-record.js';
import type { SqliteDriver, SqliteValue } from './sqlite-driver.js';
import { isLocked } from './sqlite-lock.js';
import { type SqliteStatement, valuesOf } from './sqlite-statement.js';

/**
 * With a `busy_timeout`, SQLite would wait for a lock inside the statement, and a synchronous client would block the event loop
 * meanwhile. `better-sqlite3` sets 5 seconds by default, and `synchronous = NORMAL`. With `NORMAL`, a power failure loses
 * acknowledged changes.
 */
const SETTINGS = ['PRAGMA busy_timeout = 0', 'PRAGMA synchronous = FULL'];

/** The longest pause before the next attempt on a locked database, in milliseconds. */
const LONGEST_PAUSE = 20;

/** Runs statements with a time limit. */
export class SqliteConnection {
  readonly #driver: SqliteDriver;
  /** Seconds. */
  readonly #timeLimit: number;
  /** Functions that start the waiting statements, in the order of arrival. */
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
   * Runs one statement at a time. So only one statement tries again while another process holds the lock, and all statements of
   * a client with a pool run on the same connection.
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

  /** Starts the next statement in a later iteration of the event loop, because statements of a synchronous client block it. */
  #next(): void {
    const next = this.#waiting.shift();
    if (next) setImmediate(next);
    else this.#isRunning = false;
  }

  /**
   * Repeats a statement while another process holds the lock. SQLite has changed nothing if it reports that the database is
   * locked, so the statement runs only once.
   */
  async #untilUnlocked(sql: string, values: readonly SqliteValue[], deadline: number): Promise<readonly unknown[]> {
    for (let pause = 1; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      try {
        if (!this.#isSet) for (const setting of SETTINGS) await this.#run(setting, []);
        this.#isSet = true;
        return await this.#run(sql, values);
      } catch (error) {
        if (!isLocked(error)) throw error;
        this.#isSet = false; // the driver may have opened another connection
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
