import { prepared, type Queryable } from 'app-attest/postgres';
import type { Pool } from 'pg';
import type { Sql } from 'postgres';
import { postgresJsQueryable } from './postgres-js.js';

// `$client` is the client below Drizzle. A transaction of Drizzle has no `$client`, so the stores cannot run in a transaction.

/** For `drizzle-orm/node-postgres` */
export function drizzleQueryable(db: { $client: Pool }): Queryable {
  return prepared(db.$client);
}

/** For `drizzle-orm/postgres-js` */
export function drizzlePostgresJsQueryable(db: { $client: Sql }): Queryable {
  return postgresJsQueryable(db.$client);
}
