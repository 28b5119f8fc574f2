/** A step from one version of the tables to the next. */
export interface Migration {
  /** 1 and up, without gaps. A released one never changes; later versions of this package add to them. */
  readonly version: number;
  /** For file names: lower case letters and hyphens. */
  readonly name: string;
  /**
   * One statement. Its tables are unqualified: they are made in the first schema of the connection's `search_path`, which
   * every migration tool can set.
   */
  readonly sql: string;
}

/**
 * The tables of `postgresStores`, for your own migration tool, in order. The package has them as files, too:
 * `dist/migrations/*.sql`.
 *
 * Challenges are in a table without a write-ahead log: they live for minutes, and a server that crashed, or a replica
 * that takes over, begins with none, so that none works twice. Keys are in a table like any other.
 */
export const migrations: readonly Migration[] = [
  {
    version: 1,
    name: 'create-challenges',
    sql: `CREATE UNLOGGED TABLE app_attest_challenges (
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
    sql: 'CREATE INDEX app_attest_challenges_ends_at ON app_attest_challenges (ends_at)',
  },
  {
    version: 3,
    name: 'create-keys',
    sql: `CREATE TABLE app_attest_keys (
  key_id text COLLATE "C" PRIMARY KEY,
  public_key text NOT NULL,
  counter bigint NOT NULL CHECK (counter BETWEEN 0 AND 4294967295), -- the highest that was accepted
  seen bit(64) NOT NULL, -- the n-th bit from the left: whether the counter n behind it was accepted
  app_id text NOT NULL,
  app_clip_id text,
  environment text NOT NULL CHECK (environment IN ('production', 'development')),
  subject text,
  receipt bytea NOT NULL,
  device json NOT NULL,
  extensions json, -- signed by iOS 27 and later, the code directory hash in hex
  created_at timestamptz NOT NULL,
  revoked_at timestamptz
) WITH (fillfactor = 80)`,
  },
];
