import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBetterSqlite3, openSqlite } from './open-sqlite.js';

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

  /** Holds the lock for writes until `meanwhile` has finished, as a long transaction of another process does. */
  async locked(meanwhile: () => Promise<void>): Promise<void> {
    const database = openBetterSqlite3(this.path);
    database.exec('BEGIN IMMEDIATE');
    try {
      await meanwhile();
    } finally {
      database.close();
    }
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
