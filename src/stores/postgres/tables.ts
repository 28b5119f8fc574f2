import { AppAttestError } from '../../errors.js';

/** The names of the tables in SQL. */
export interface Tables {
  readonly challenges: string;
  readonly keys: string;
}

/** PostgreSQL truncates longer names, so that two different names could become one. */
const MAX_NAME_BYTES = 63;

/**
 * @param schema The schema of the tables; the first of the connection's `search_path` by default
 * @throws AppAttestError `invalid_argument`
 */
export function tablesIn(schema: string | undefined): Tables {
  const qualifier = schema === undefined ? '' : `${quoted(schema)}.`;
  return { challenges: `${qualifier}app_attest_challenges`, keys: `${qualifier}app_attest_keys` };
}

/** A quoted SQL identifier. */
function quoted(name: string): string {
  const isName = typeof name === 'string' && name !== '' && Buffer.byteLength(name) <= MAX_NAME_BYTES;
  if (isName && !/[\0\p{Surrogate}]/u.test(name)) return `"${name.replaceAll('"', '""')}"`;
  throw new AppAttestError('invalid_argument', `schema must be a name of 1 to ${MAX_NAME_BYTES} bytes`);
}
