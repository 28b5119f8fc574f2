-- The tables of examples/mysql.ts, for MariaDB 10.6 or later and MySQL 8.0.16 or later. Text that statements compare is VARBINARY,
-- so the database compares and sorts its bytes. Times other than ends_at are milliseconds since 1970, by the clock of a server.
CREATE TABLE IF NOT EXISTS app_attest_challenges (
  challenge VARBINARY(43) PRIMARY KEY,
  purpose ENUM('attestation', 'assertion') NOT NULL,
  subject VARBINARY(3072),
  issued_at BIGINT,
  expires_at BIGINT NOT NULL,
  ends_at DATETIME(3) NOT NULL, -- UTC, by the clock of the database
  used BOOLEAN NOT NULL,
  INDEX app_attest_challenges_ends_at (ends_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS app_attest_keys (
  key_id VARBINARY(44) PRIMARY KEY,
  subject VARBINARY(3072),
  details TEXT NOT NULL, -- JSON: public key, app, environment, device
  extensions TEXT, -- JSON: the signed extensions of iOS 27 and later, with the code directory hash in hex
  counter BIGINT NOT NULL CHECK (counter BETWEEN 0 AND 4294967295), -- the highest accepted counter
  seen BIGINT UNSIGNED NOT NULL DEFAULT 18446744073709551615, -- bit n is 1 if (counter - 1 - n) cannot be accepted any more
  created_at BIGINT NOT NULL,
  last_used_at BIGINT, -- updated at most once an hour
  revoked_at BIGINT,
  risk_metric BIGINT,
  receipt MEDIUMBLOB,
  receipt_due_at BIGINT,
  receipt_pending_at BIGINT AS (IF(revoked_at IS NULL, receipt_due_at, NULL)), -- MySQL has no partial indexes
  receipt_claimed_until BIGINT, -- other processes skip the key until this time
  receipt_claim BINARY(16), -- the random identifier of the last claim
  INDEX app_attest_keys_subject (subject(2048), key_id), -- an index entry has at most 3072 bytes
  INDEX app_attest_keys_receipt_pending_at (receipt_pending_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
