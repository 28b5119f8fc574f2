import type { Queryable } from 'app-attest/postgres';
import { CompiledQuery, type Kysely } from 'kysely';

/**
 * For any dialect of PostgreSQL. If the dialect uses a pool of the package pg, pass this pool to the stores instead: Kysely
 * returns a connection to the pool after an error, so the pool keeps a connection that does not respond.
 */
export function kyselyQueryable<Database>(db: Kysely<Database>): Queryable {
  // After a rollback, a used challenge would be valid again. The type of a transaction extends Kysely, so this check is needed.
  if (db.isTransaction) throw new Error('the stores need a Kysely that is not a transaction');
  // Plugins change results. For example, ParseJSONResultsPlugin decodes JSON text, which the stores decode themselves.
  const plain = db.withoutPlugins();
  return { query: (text, values) => plain.executeQuery(CompiledQuery.raw(text, values)) };
}
