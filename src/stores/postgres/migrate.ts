import { readKnownOptions } from '../../options/known-options.js';
import { type Migration, migrationsOf } from './migrations.js';
import { type Queryable, readQueryable } from './queryable.js';
import { quotedName, quotedText } from './quoting.js';
import { type Tables, tablesIn } from './tables.js';

/** Options of {@link migrate}. */
export interface MigrateOptions {
  /**
   * The schema of the tables, without quotes. `migrate` creates the schema if it does not exist. By default, the tables are
   * created in the first schema of the connection's `search_path`.
   */
  schema?: string | undefined;
}

/** The text `appattes` in ASCII. Other programs may use advisory locks in the same database, so the number must be unusual. */
const LOCK = '7021235382938527091';

/**
 * Creates or updates the tables of `postgresStores`. Runs the missing {@link migrations} in order, and records their versions
 * in the table `app_attest_migrations`. If no migration is missing, it changes nothing, so every server can call it when it
 * starts. Servers that call it at the same time wait for each other.
 *
 * `migrate` sends one `DO` statement in PL/pgSQL, so it works through a connection pooler in any mode. If a step fails, nothing
 * has changed. `migrate` sets no time limit, because creating an index of a large table can take long. Pass a client without a
 * time limit.
 *
 * The database role of the client needs the privilege `CREATE` on the schema, and owns the tables afterwards. To create the
 * schema, the role needs `CREATE` on the database. If no migration is missing, `SELECT` on `app_attest_migrations` is enough.
 *
 * `migrate` rejects with the error of the client in these cases. `docs/stores.md` describes how to continue.
 *
 * - The database is unavailable, or does not permit a step.
 * - The version of the tables is later than the versions that this release knows.
 * - The tables were created without `migrate`.
 *
 * @param queryable A `Pool` or `Client` of the package `pg`, or any object with `query(text, values)`
 * @throws AppAttestError `invalid_argument`: an option is wrong
 *
 * @example
 * ```ts
 * await migrate(pool, { schema: 'app_attest' });
 * const stores = postgresStores(pool, { schema: 'app_attest' });
 * ```
 */
export async function migrate(queryable: Queryable, options: MigrateOptions = {}): Promise<void> {
  const { schema } = readKnownOptions<MigrateOptions>('migrate', options, { schema: 'may be undefined' });
  const database = readQueryable(queryable);
  const tables = tablesIn(schema);
  const steps = migrationsOf(tables).map((migration) => step(migration, tables));
  const block = [...(schema === undefined ? [] : [createSchema(schema)]), readVersion(tables, steps.length), ...steps];
  await database.query(`DO ${quotedText(inOrder(block))}`, []);
}

/**
 * Returns a block in PL/pgSQL. The block is one statement, so PostgreSQL runs it in one transaction. At an isolation level
 * stricter than READ COMMITTED, a server that waited for the lock would not see the changes of the other server. At such a
 * level, the block first ends its empty transaction, and begins a transaction at READ COMMITTED.
 */
function inOrder(statements: readonly string[]): string {
  return `
DECLARE
  present integer;
BEGIN
IF current_setting('transaction_isolation') <> 'read committed' THEN
  COMMIT;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
END IF;
PERFORM pg_advisory_xact_lock(${LOCK});
${statements.join('\n')}
END`;
}

/** `CREATE SCHEMA IF NOT EXISTS` would need the privilege `CREATE` on the database even if the schema exists. */
function createSchema(schema: string): string {
  return `
IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = ${quotedText(schema)}) THEN
  CREATE SCHEMA ${quotedName(schema)};
END IF;`;
}

/** Returns the statements that read the version of the tables into `present`. */
function readVersion({ challenges, migrations }: Tables, newest: number): string {
  return `
IF to_regclass(${quotedText(migrations)}) IS NULL THEN
  IF to_regclass(${quotedText(challenges)}) IS NOT NULL THEN
    RAISE EXCEPTION 'app_attest_challenges exists, but app_attest_migrations does not: the tables were created without migrate'
      USING HINT = 'Create app_attest_migrations with the versions that you ran: see docs/stores.md of app-attest.';
  END IF;
  CREATE TABLE ${migrations} (version integer PRIMARY KEY, migrated_at timestamptz NOT NULL DEFAULT now());
END IF;
SELECT coalesce(max(version), 0) INTO present FROM ${migrations};
IF present > ${newest} THEN
  RAISE EXCEPTION 'the tables of app-attest are at version %, but this release of app-attest knows versions up to ${newest}', present
    USING HINT = 'Install the release of app-attest that migrated the tables, or a later release.';
END IF;`;
}

function step({ version, sql }: Migration, { migrations }: Tables): string {
  return `
IF present < ${version} THEN
  ${sql};
  INSERT INTO ${migrations} (version) VALUES (${version});
END IF;`;
}
