import { subjectPrefix } from './subject-prefix.js';
import { type Tables, tablesIn } from './tables.js';

/** A step from one version of the tables to the next. */
export interface Migration {
  /** Starts at 1, without gaps. A released migration never changes; later versions of this package add new ones. */
  readonly version: number;
  /** For file names: lowercase letters and hyphens. */
  readonly name: string;
  /**
   * One statement. Table names are unqualified, so the tables are created in the first schema of the connection's
   * `search_path`, which every migration tool can set.
   */
  readonly sql: string;
}

/**
 * The migrations that create the tables of `postgresStores`, in order, for your own migration tool. The package also
 * has them as files: `dist/migrations/*.sql`. {@link migrate} runs them without a tool.
 *
 * Challenges are in an `UNLOGGED` table. They live for minutes, and after a crash or a failover the table is empty, so
 * that no challenge works twice. Keys are in an ordinary table.
 */
export const migrations: readonly Migration[] = migrationsOf(tablesIn(undefined));

/** The migrations of tables with these names. */
export function migrationsOf({ challenges, keys }: Tables): Migration[] {
  return [
    {
      version: 1,
      name: 'create-challenges',
      sql: `CREATE UNLOGGED TABLE ${challenges} (
  challenge text COLLATE "C" PRIMARY KEY,
  purpose text NOT NULL CHECK (purpose IN ('attestation', 'assertion')),
  subject text,
  issued_at timestamptz, -- by the clock of the server that issued it
  expires_at timestamptz NOT NULL, -- by the same clock
  ends_at timestamptz NOT NULL, -- by the clock of the database
  used_at timestamptz
) WITH (fillfactor = 80)`,
    },
    {
      version: 2,
      name: 'index-challenges-by-end',
      sql: `CREATE INDEX app_attest_challenges_ends_at ON ${challenges} (ends_at)`,
    },
    {
      // Each accepted request updates its row. No index has a column that such an update changes, and pages have free
      // space, so that the new version of the row stays on its page and no index is written (heap-only tuples).
      version: 3,
      name: 'create-keys',
      sql: `CREATE TABLE ${keys} (
  key_id text COLLATE "C" PRIMARY KEY,
  public_key text NOT NULL,
  counter bigint NOT NULL CHECK (counter BETWEEN 0 AND 4294967295), -- the highest that was accepted
  seen bit(64) NOT NULL, -- the n-th bit from the left: whether the counter n behind it was accepted
  app_id text NOT NULL,
  app_clip_id text,
  environment text NOT NULL CHECK (environment IN ('production', 'development')),
  subject text COLLATE "C",
  device json NOT NULL,
  extensions json, -- signed by iOS 27 and later, the code directory hash in hex
  created_at timestamptz NOT NULL,
  last_used_at timestamptz, -- to the hour
  revoked_at timestamptz,
  receipt bytea,
  risk_metric bigint,
  receipt_due_at timestamptz, -- by the clock of the servers
  receipt_claimed_until timestamptz -- by the same clock: when another process may refresh the receipt
) WITH (fillfactor = 80)`,
    },
    {
      // Not only of keys with a user: PostgreSQL uses the statistics of an expression only if its index has all rows.
      version: 4,
      name: 'index-keys-by-subject',
      sql: `CREATE INDEX app_attest_keys_subject ON ${keys} (${subjectPrefix('subject')}, key_id)`,
    },
    {
      version: 5,
      name: 'index-keys-by-receipt-due',
      sql: `CREATE INDEX app_attest_keys_receipt_due_at ON ${keys} (receipt_due_at)
WHERE receipt_due_at IS NOT NULL AND revoked_at IS NULL`,
    },
  ];
}
