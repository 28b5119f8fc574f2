import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqlite } from './open-sqlite.js';

/** An SQLite file with the tables of the stores, in a temporary folder. */
export class SqliteFile {
  readonly path: string;
  readonly #folder: string;

  static async create(): Promise<SqliteFile> {
    const file = new SqliteFile(await mkdtemp(join(tmpdir(), 'app-attest-sqlite-')));
    await (await openSqlite('libsql', file.path)).close();
    return file;
  }

  private constructor(folder: string) {
    this.#folder = folder;
    this.path = join(folder, 'app-attest.db');
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
