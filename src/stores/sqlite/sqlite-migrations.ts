/** A change of the tables, from one version to the next version. */
export interface SqliteMigration {
  /** The number of the migration: 1, 2, 3 and so on. A released migration never changes. New releases may add migrations. */
  readonly version: number;
  /** The name of the migration, for file names. It contains only lower-case letters and hyphens. */
  readonly name: string;
  /** One SQL statement. It has no effect the second time. */
  readonly sql: string;
}

/**
 * The migrations that create the tables of `sqliteStores`, in order. `migrate` runs these migrations. Your migration tool can
 * also run them. The package also contains them as files: `dist/migrations/sqlite/*.sql`.
 *
 * Times in the tables are milliseconds since 1970.
 */
export const sqliteMigrations: readonly SqliteMigration[] = [
  {
    version: 1,
    name: 'create-challenges',
    sql: `CREATE TABLE IF NOT EXISTS app_attest_challenges (
  challenge TEXT PRIMARY KEY,
  purpose TEXT NOT NULL CHECK (purpose IN ('attestation', 'assertion')),
  subject TEXT,
  issued_at INTEGER, -- from the clock of the issuing server
  expires_at INTEGER NOT NULL, -- from the clock of the issuing server
  ends_at INTEGER NOT NULL, -- from the clock of the database
  used_at INTEGER
) STRICT, WITHOUT ROWID`,
  },
  {
    version: 2,
    name: 'index-challenges-by-end',
    sql: `CREATE INDEX IF NOT EXISTS app_attest_challenges_ends_at ON app_attest_challenges (ends_at)`,
  },
  {
    // The receipt is the last column, because SQLite reads a long row only up to the last column that a statement needs.
    version: 3,
    name: 'create-keys',
    sql: `CREATE TABLE IF NOT EXISTS app_attest_keys (
  key_id TEXT NOT NULL PRIMARY KEY,
  public_key TEXT NOT NULL,
  counter INTEGER NOT NULL CHECK (counter BETWEEN 0 AND 4294967295), -- the highest accepted counter
  seen INTEGER NOT NULL, -- bit n from the right is 1 if the counter (counter - 1 - n) cannot be accepted any more
  app_id TEXT NOT NULL,
  app_clip_id TEXT,
  environment TEXT NOT NULL CHECK (environment IN ('production', 'development')),
  subject TEXT,
  device TEXT NOT NULL, -- JSON
  extensions TEXT, -- JSON: the signed extensions of iOS 27 and later, with the code directory hash in hex
  created_at INTEGER NOT NULL,
  last_used_at INTEGER, -- updated at most once an hour, so the last use may be up to one hour later
  revoked_at INTEGER,
  risk_metric INTEGER,
  receipt_due_at INTEGER, -- compared with the clock of a server, not with the clock of the database
  receipt_claimed_until INTEGER, -- compared with the clock of a server. Other processes skip the key until this time
  receipt BLOB
) STRICT`,
  },
  {
    version: 4,
    name: 'index-keys-by-subject',
    sql: `CREATE INDEX IF NOT EXISTS app_attest_keys_subject ON app_attest_keys (subject, key_id) WHERE subject IS NOT NULL`,
  },
  {
    version: 5,
    name: 'index-keys-by-receipt-due',
    sql: `CREATE INDEX IF NOT EXISTS app_attest_keys_receipt_due_at ON app_attest_keys (receipt_due_at)
WHERE receipt_due_at IS NOT NULL AND revoked_at IS NULL`,
  },
];
