/**
 * Stores in PostgreSQL, on a pool that you provide.
 *
 * @module app-attest/postgres
 */

export { type MigrateOptions, migrate } from './migrate.js';
export { type Migration, migrations } from './migrations.js';
export type { PostgresChallengeStore } from './postgres-challenge-store.js';
export { type PostgresStores, type PostgresStoresOptions, postgresStores } from './postgres-stores.js';
export { type PreparingQueryable, prepared } from './prepared.js';
export type { Queryable, QueryValue } from './queryable.js';
