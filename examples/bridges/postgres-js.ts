import type { Queryable } from 'app-attest/postgres';
import type { Sql } from 'postgres';

/** Turns a client of postgres.js into the client of the stores. A transaction has no `begin`, so the type `Sql` excludes it. */
export function postgresJsQueryable(sql: Sql): Queryable {
  return {
    query: async (text, values) => ({
      // The method is called unsafe because of `text`, which comes from the stores. All input is in `values`.
      // An unprepared statement would need two round trips, because postgres.js first requests the types of its parameters.
      rows: await sql.unsafe(text, values, { prepare: true }),
    }),
  };
}
