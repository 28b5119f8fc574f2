import type { ChallengeFate, ChallengePurpose, ChallengeRecord, ChallengeStore } from 'app-attest/server';
import type { RowDataPacket } from 'mysql2/promise';
import type { MysqlStatements } from './mysql-statements.js';

export class MysqlChallengeStore implements ChallengeStore {
  readonly #statements: MysqlStatements;

  constructor(statements: MysqlStatements) {
    this.#statements = statements;
  }

  async put(challenge: string, record: ChallengeRecord) {
    const isNew = await this.#insert(challenge, record, { used: 0, lifetime: lifetimeOf(record) });
    if (!isNew) throw new Error('the challenge exists already');
  }

  /** The primary key decides which call is the first. */
  spend(challenge: string, record: ChallengeRecord) {
    return this.#insert(challenge, record, { used: 1, lifetime: Math.max(2 * lifetimeOf(record), 60_000) });
  }

  /** The `UPDATE` decides which call takes the challenge. The `SELECT` reads columns that never change. */
  async take(challenge: string): Promise<ChallengeRecord | undefined> {
    if ((await this.#statements.found(TAKE, { challenge })) === 0) return undefined;
    const [row] = await this.#statements.rows<ChallengeRow>(READ, { challenge });
    return (
      row && {
        purpose: row.purpose,
        subject: row.subject?.toString(),
        ...(row.issued_at !== null && { issuedAt: new Date(row.issued_at) }),
        expiresAt: new Date(row.expires_at),
      }
    );
  }

  async fate(challenge: string) {
    const [row] = await this.#statements.rows<FateRow>(FATE, { challenge });
    return row?.fate;
  }

  /** Deletes challenges that expired more than a minute ago. */
  removeExpired(limit: number) {
    return this.#statements.found(REMOVE_EXPIRED, { limit: String(limit) });
  }

  async #insert(challenge: string, record: ChallengeRecord, { used, lifetime }: { used: 0 | 1; lifetime: number }) {
    const { purpose, subject = null, issuedAt, expiresAt } = record;
    const times = { issuedAt: issuedAt?.getTime() ?? null, expiresAt: expiresAt.getTime(), lifetime };
    const isNew = await this.#statements.inserts(INSERT, { challenge, purpose, subject, ...times, used });
    if (challenge.startsWith('A')) await this.removeExpired(256); // one in 64 challenges, because they are random
    return isNew;
  }
}

/** In milliseconds. A wrong clock of the server does not change the lifetime. */
function lifetimeOf({ issuedAt = new Date(), expiresAt }: ChallengeRecord) {
  return Math.max(0, expiresAt.getTime() - issuedAt.getTime());
}

interface ChallengeRow extends RowDataPacket {
  purpose: ChallengePurpose;
  subject: Buffer | null;
  issued_at: number | null;
  expires_at: number;
}

interface FateRow extends RowDataPacket {
  fate: ChallengeFate | null;
}

const INSERT = `
INSERT INTO app_attest_challenges (challenge, purpose, subject, issued_at, expires_at, ends_at, used)
VALUES (:challenge, :purpose, :subject, :issuedAt, :expiresAt, UTC_TIMESTAMP(3) + INTERVAL (:lifetime * 1000) MICROSECOND, :used)`;

const TAKE = `
UPDATE app_attest_challenges SET used = TRUE
WHERE challenge = :challenge AND NOT used AND ends_at > UTC_TIMESTAMP(3)`;

const READ = 'SELECT purpose, subject, issued_at, expires_at FROM app_attest_challenges WHERE challenge = :challenge';

// Used challenges stay in the table until they expire, so that a used challenge can be told from an unknown challenge.
const FATE = `
SELECT IF(used, 'used', IF(ends_at <= UTC_TIMESTAMP(3), 'expired', NULL)) AS fate
FROM app_attest_challenges WHERE challenge = :challenge`;

const REMOVE_EXPIRED = `
DELETE FROM app_attest_challenges WHERE ends_at < UTC_TIMESTAMP(3) - INTERVAL 1 MINUTE ORDER BY ends_at LIMIT :limit`;
