import { quotedName } from './quoting.js';

/** The names of the tables in SQL. */
export interface Tables {
  readonly challenges: string;
  readonly keys: string;
  readonly migrations: string;
}

/**
 * Returns the SQL names of the tables.
 *
 * @param schema The schema of the tables. By default, PostgreSQL finds the tables through the connection's `search_path`
 * @throws AppAttestError `invalid_argument`
 */
export function tablesIn(schema: string | undefined): Tables {
  const qualifier = schema === undefined ? '' : `${quotedName(schema)}.`;
  return {
    challenges: `${qualifier}app_attest_challenges`,
    keys: `${qualifier}app_attest_keys`,
    migrations: `${qualifier}app_attest_migrations`,
  };
}
