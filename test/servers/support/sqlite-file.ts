import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from './child.js';
import { CLIENTS, openSqlite } from './open-sqlite.js';

/** The timer keeps the database in use. Without it, the garbage collector closes the database, which releases the lock. */
const LOCK = `
const [clients, path] = process.argv.slice(1);
const Database = require('node:module').createRequire(clients)('better-sqlite3');
const database = new Database(path);
database.exec('BEGIN IMMEDIATE');
console.log('locked');
setInterval(() => database.open, 60_000);`;

/** An SQLite file with the tables of the stores, in a temporary folder. */
export class SqliteFile {
  readonly path: string;
  readonly #folder: string;

  /** Creates the file in a new folder of `parent`. */
  static async create(parent = tmpdir()): Promise<SqliteFile> {
    const file = new SqliteFile(await mkdtemp(join(parent, 'app-attest-sqlite-')));
    await (await openSqlite('libsql', file.path)).close();
    return file;
  }

  private constructor(folder: string) {
    this.#folder = folder;
    this.path = join(folder, 'app-attest.db');
  }

  /** Holds the lock for writes until `meanwhile` has finished. */
  async locked(meanwhile: () => Promise<void>): Promise<void> {
    const unlock = await this.lock();
    try {
      await meanwhile();
    } finally {
      await unlock();
    }
  }

  /**
   * Starts a process that holds the lock for writes, and returns a function that ends the process. The lock is in another
   * process, because two SQLite libraries in one process do not see each other's locks.
   */
  async lock(): Promise<() => Promise<void>> {
    const child = new Child(process.execPath, ['--input-type=commonjs', '--eval', LOCK, CLIENTS, this.path]);
    await child.until(async () => {
      if (!child.output.includes('locked')) throw new Error(child.output);
    });
    return () => child.end('SIGKILL');
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
