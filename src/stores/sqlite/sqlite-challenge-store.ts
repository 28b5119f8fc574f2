import type { ChallengeFate, ChallengeRecord, ChallengeStore } from '../../server/challenge-store.js';
import {
  challengeLifetime,
  REMEMBERED_AFTER_END,
  readChallengeRecord,
  spentFor,
  storedChallenge,
} from '../challenge-record.js';
import { CLEANING_BATCH, startsCleaning } from '../expired-challenges.js';
import { NOW } from './sqlite-clock.js';
import type { SqliteConnection } from './sqlite-connection.js';
import { sqliteStatement } from './sqlite-statement.js';

/** Stores challenges in a table of SQLite. Each challenge is one row. */
export class SqliteChallengeStore implements ChallengeStore {
  readonly #connection: SqliteConnection;

  /** @internal */
  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  async put(challenge: string, record: ChallengeRecord): Promise<void> {
    const { purpose, subject, issuedAt, expiresAt } = storedChallenge(record);
    const values = [challenge, purpose, subject, issuedAt, expiresAt, challengeLifetime(record)];
    await this.#connection.rows(PUT, values);
    if (startsCleaning(challenge)) await this.removeExpired(CLEANING_BATCH);
  }

  async take(challenge: string): Promise<ChallengeRecord | undefined> {
    const [row] = await this.#connection.rows(TAKE, [challenge]);
    return row && readChallengeRecord(row);
  }

  async fate(challenge: string): Promise<ChallengeFate | undefined> {
    const [row] = await this.#connection.rows(FATE, [challenge]);
    return row?.optionalWord('fate', ['used', 'expired']);
  }

  async spend(challenge: string, record: ChallengeRecord): Promise<boolean> {
    const { purpose, issuedAt, expiresAt } = storedChallenge(record);
    const values = [challenge, purpose, issuedAt, expiresAt, spentFor(record)];
    const isFirst = (await this.#connection.rows(SPEND, values)).length === 1;
    if (startsCleaning(challenge)) await this.removeExpired(CLEANING_BATCH);
    return isFirst;
  }

  /**
   * Deletes challenges that expired more than a minute ago, the oldest first. Returns the number of deleted challenges.
   *
   * `put` and `spend` also delete expired challenges from time to time. If your servers sometimes call neither method for a long
   * time, call `removeExpired` regularly.
   *
   * @param limit The maximum number of challenges to delete. 1000 by default
   */
  async removeExpired(limit = 1000): Promise<number> {
    return (await this.#connection.rows(REMOVE_EXPIRED, [limit])).length;
  }
}

const PUT = sqliteStatement(`
INSERT INTO app_attest_challenges (challenge, purpose, subject, issued_at, expires_at, ends_at)
VALUES (?1, ?2, ?3, ?4, ?5, ${NOW} + ?6)`);

// The row is not deleted yet. So `fate` can distinguish a used challenge from a challenge that was never issued.
const TAKE = sqliteStatement(`
UPDATE app_attest_challenges SET used_at = ${NOW} WHERE challenge = ?1 AND used_at IS NULL AND ends_at > ${NOW}
RETURNING purpose, subject, issued_at AS issuedAt, expires_at AS expiresAt`);

const SPEND = sqliteStatement(`
INSERT INTO app_attest_challenges (challenge, purpose, issued_at, expires_at, ends_at, used_at)
VALUES (?1, ?2, ?3, ?4, ${NOW} + ?5, ${NOW})
ON CONFLICT (challenge) DO NOTHING RETURNING 1 AS spent`);

const FATE = sqliteStatement(`
SELECT CASE WHEN used_at IS NOT NULL THEN 'used' WHEN ends_at <= ${NOW} THEN 'expired' END AS fate
FROM app_attest_challenges WHERE challenge = ?1`);

const REMOVE_EXPIRED = sqliteStatement(`
DELETE FROM app_attest_challenges WHERE challenge IN (
  SELECT challenge FROM app_attest_challenges WHERE ends_at < ${NOW} - ${REMEMBERED_AFTER_END} ORDER BY ends_at LIMIT ?1
) RETURNING 1 AS removed`);
