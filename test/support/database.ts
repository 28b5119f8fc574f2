import { PGlite } from '@electric-sql/pglite';
import { migrations } from '../../src/stores/postgres/index.js';

/** PostgreSQL's engine in this process, with the tables of the stores. */
export async function openDatabase(): Promise<PGlite> {
  const database = await PGlite.create();
  for (const { sql } of migrations) await database.query(sql);
  return database;
}
