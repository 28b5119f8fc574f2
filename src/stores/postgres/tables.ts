import { AppAttestError } from '../../errors.js';

/** The names of the tables in SQL. */
export interface Tables {
  readonly challenges: string;
  readonly keys: string;
}

/** PostgreSQL truncates longer names, so two different names could become equal. */
const MAX_NAME_BYTES = 63;

/**
 * Returns the SQL names of the tables.
 *
 * @param schema The schema of the tables. By default, PostgreSQL finds the tables through the connection's `search_path`
 * @throws AppAttestError `invalid_argument`
 */
export function tablesIn(schema: string | undefined): Tables {
  const qualifier = schema === undefined ? '' : `${quoted(schema)}.`;
  return { challenges: `${qualifier}app_attest_challenges`, keys: `${qualifier}app_attest_keys` };
}

/** Quotes a name as an SQL identifier. */
function quoted(name: string): string {
  const isName = typeof name === 'string' && name !== '' && Buffer.byteLength(name) <= MAX_NAME_BYTES;
  if (isName && !/[\0\p{Surrogate}]/u.test(name)) return `"${name.replaceAll('"', '""')}"`;
  throw new AppAttestError('invalid_argument', `schema must be a name of 1 to ${MAX_NAME_BYTES} bytes`);
}
