import { beforeEach, onTestFinished } from 'vitest';
import type { SqliteValue } from '../../../src/stores/sqlite/index.js';
import { type Closable, openBetterSqlite3, openDatabase } from './open-sqlite.js';
import { SqliteFile } from './sqlite-file.js';

/** A file with the tables of the stores. */
export interface FileForTest {
  readonly file: SqliteFile;
  /** A connection that the stores do not use. */
  readonly database: Closable;
  query(sql: string, ...values: SqliteValue[]): readonly unknown[];
  /** Opens a new connection for the stores. It is closed at the end of the test. */
  open(client: 'better-sqlite3' | 'libsql'): ReturnType<typeof openDatabase>;
}

/** Creates a new file before each test, and deletes it after the test. */
export function fileForEachTest(): FileForTest {
  let current: { file: SqliteFile; database: Closable } | undefined;
  beforeEach(async () => {
    const file = await SqliteFile.create();
    const database = openBetterSqlite3(file.path);
    current = { file, database };
    return async () => {
      database.close();
      await file.remove();
    };
  });
  const ofThisTest = () => {
    if (!current) throw new Error('the file exists only during a test');
    return current;
  };
  return {
    get file() {
      return ofThisTest().file;
    },
    get database() {
      return ofThisTest().database;
    },
    query: (sql, ...values) =>
      ofThisTest()
        .database.prepare(sql)
        .all(...values),
    open(client) {
      const opened = openDatabase(client, ofThisTest().file.path);
      onTestFinished(() => opened.close());
      return opened;
    },
  };
}
