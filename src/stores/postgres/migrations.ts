import { subjectPrefix } from './subject-prefix.js';
import { type Tables, tablesIn } from './tables.js';

/** A change of the tables, from one version to the next version. */
export interface Migration {
  /** The number of the migration: 1, 2, 3 and so on. A released migration never changes. New releases may add migrations. */
  readonly version: number;
  /** The name of the migration, for file names. It contains only lower-case letters and hyphens. */
  readonly name: string;
  /**
   * One SQL statement. The table names have no schema, so PostgreSQL creates the tables in the first schema of the
   * connection's `search_path`. Every migration tool can set the `search_path`.
   */
  readonly sql: string;
}

/**
 * The migrations that create the tables of `postgresStores`, in order. {@link migrate} runs them. Your migration tool can run
 * them too. The package also contains the migrations as files: `dist/migrations/*.sql`.
 *
 * Challenges are in an `UNLOGGED` table, because they are valid only for minutes. After a crash or a failover, PostgreSQL
 * empties this table, so a used challenge cannot become valid again. Keys are in a normal table.
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
  issued_at timestamptz, -- from the clock of the issuing server
  expires_at timestamptz NOT NULL, -- from the clock of the issuing server
  ends_at timestamptz NOT NULL, -- from the clock of the database
  used_at timestamptz
) WITH (fillfactor = 80)`,
    },
    {
      version: 2,
      name: 'index-challenges-by-end',
      sql: `CREATE INDEX app_attest_challenges_ends_at ON ${challenges} (ends_at)`,
    },
    {
      // Each accepted request updates the row of its key. Such an update changes no indexed column, and pages have free space.
      // So the new version of the row stays on its page, and no index is written (heap-only tuples).
      version: 3,
      name: 'create-keys',
      sql: `CREATE TABLE ${keys} (
  key_id text COLLATE "C" PRIMARY KEY,
  public_key text NOT NULL,
  counter bigint NOT NULL CHECK (counter BETWEEN 0 AND 4294967295), -- the highest accepted counter
  seen bit(64) NOT NULL, -- bit n from the left is 1 if the counter (counter - n) cannot be accepted any more
  app_id text NOT NULL,
  app_clip_id text,
  environment text NOT NULL CHECK (environment IN ('production', 'development')),
  subject text COLLATE "C",
  device json NOT NULL,
  extensions json, -- the signed extensions of iOS 27 and later, with the code directory hash in hex
  created_at timestamptz NOT NULL,
  last_used_at timestamptz, -- updated at most once an hour, so the last use may be up to one hour later
  revoked_at timestamptz,
  receipt bytea,
  risk_metric bigint,
  receipt_due_at timestamptz, -- compared with the clock of a server, not with the clock of the database
  receipt_claimed_until timestamptz -- compared with the clock of a server. Other processes skip the key until this time
) WITH (fillfactor = 80)`,
    },
    {
      // The index also contains keys without a user. PostgreSQL uses the statistics of an indexed expression only if the index
      // has all rows.
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
