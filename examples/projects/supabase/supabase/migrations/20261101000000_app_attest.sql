CREATE SCHEMA app_attest;
SET search_path TO app_attest;
CREATE UNLOGGED TABLE app_attest_challenges (
  challenge text COLLATE "C" PRIMARY KEY,
  purpose text NOT NULL CHECK (purpose IN ('attestation', 'assertion')),
  subject text,
  issued_at timestamptz, -- from the clock of the issuing server
  expires_at timestamptz NOT NULL, -- from the clock of the issuing server
  ends_at timestamptz NOT NULL, -- from the clock of the database
  used_at timestamptz
) WITH (fillfactor = 80);
CREATE INDEX app_attest_challenges_ends_at ON app_attest_challenges (ends_at);
CREATE TABLE app_attest_keys (
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
) WITH (fillfactor = 80);
CREATE INDEX app_attest_keys_subject ON app_attest_keys (left(subject, 512), key_id);
CREATE INDEX app_attest_keys_receipt_due_at ON app_attest_keys (receipt_due_at)
WHERE receipt_due_at IS NOT NULL AND revoked_at IS NULL;
CREATE TABLE app_attest_migrations (version integer PRIMARY KEY, migrated_at timestamptz NOT NULL DEFAULT now());
INSERT INTO app_attest_migrations (version) SELECT generate_series(1, 5);
RESET search_path;
