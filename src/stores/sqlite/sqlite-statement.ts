import type { SqliteValue } from './sqlite-driver.js';

/** A statement. It can use one value in several places. */
export interface SqliteStatement {
  /** The statement with a `?` for each use of a value. */
  readonly sql: string;
  /** For each `?`, the index of its value. */
  readonly uses: readonly number[];
}

/**
 * Reads a statement in which `?1` stands for the first value, and replaces each `?1` by `?`. This is necessary because
 * `better-sqlite3` and early releases of `node:sqlite` treat `?1` as a named parameter.
 */
export function sqliteStatement(text: string): SqliteStatement {
  const uses: number[] = [];
  const sql = text.trim().replaceAll(/\?(\d+)/g, (_, number) => {
    uses.push(Number(number) - 1);
    return '?';
  });
  return { sql, uses };
}

/**
 * Returns a value for each `?` of the statement.
 *
 * @throws Error if a text contains NUL or lone surrogates. Some clients shorten or change such text, so two different texts could
 *   become equal
 */
export function valuesOf({ uses }: SqliteStatement, values: readonly SqliteValue[]): SqliteValue[] {
  for (const value of values) {
    if (typeof value === 'string' && (value.includes('\0') || !value.isWellFormed())) {
      throw new Error('text for SQLite must not contain NUL or lone surrogates');
    }
  }
  return uses.map((index) => values[index] ?? null);
}
