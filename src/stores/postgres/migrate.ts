import { readKnownOptions } from '../../options/known-options.js';
import { type Migration, migrationsOf } from './migrations.js';
import { type Queryable, readQueryable } from './queryable.js';
import { quotedName, quotedText } from './quoting.js';
import { type Tables, tablesIn } from './tables.js';

/** Options of {@link migrate}. */
export interface MigrateOptions {
  /**
   * The schema of the tables; it is quoted for you, and created if it does not exist. By default, the tables are created
   * in the first schema of the connection's `search_path`.
   */
  schema?: string | undefined;
}

/** `appattes` in ASCII. Advisory locks belong to a database, and other programs take them too. */
const LOCK = '7021235382938527091';

/**
 * Creates the tables of `postgresStores`, or updates them: runs those of the {@link migrations} that are missing, in
 * order, and records their versions in the table `app_attest_migrations`. It does nothing if none is missing, so that every
 * server may call it when it starts. Servers that call it at the same time wait for each other.
 *
 * It is one `DO` statement in PL/pgSQL, so that it works through a connection pooler in any mode. If a step fails, nothing
 * has changed. It has no time limit, because creating an index takes long if the table is large; pass a client without one.
 *
 * The role needs `CREATE` on the schema, and owns the tables afterwards. To create the schema, it needs `CREATE` on
 * the database. If no migration is missing, `SELECT` on `app_attest_migrations` is enough.
 *
 * It rejects with the error of the client if the database is unavailable or does not permit a step, if the tables are at a
 * version that this release of the package does not know, or if they were created without `migrate`: `docs/stores.md` says
 * how to continue then.
 *
 * @param queryable A `Pool` or `Client` of the package `pg`, or anything with `query(text, values)`
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
 * A block in PL/pgSQL. One statement is one transaction: all of it happens, or nothing. At a stricter isolation level, a
 * server that waited for the lock would not see what the other server did. COMMIT ends the transaction while it is empty.
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

/** `IF NOT EXISTS` of `CREATE` asks for the privilege to create even if there is nothing to create. */
function createSchema(schema: string): string {
  return `
IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = ${quotedText(schema)}) THEN
  CREATE SCHEMA ${quotedName(schema)};
END IF;`;
}

/** Reads the version of the tables into `present`. */
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
    USING HINT = 'Install the release that migrated them, or a later one.';
END IF;`;
}

function step({ version, sql }: Migration, { migrations }: Tables): string {
  return `
IF present < ${version} THEN
  ${sql};
  INSERT INTO ${migrations} (version) VALUES (${version});
END IF;`;
}
