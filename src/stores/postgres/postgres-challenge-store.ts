import type { ChallengeFate, ChallengeRecord, ChallengeStore } from '../../server/challenge-store.js';
import {
  challengeLifetime,
  REMEMBERED_AFTER_END,
  readChallengeRecord,
  spentFor,
  storedChallenge,
} from '../challenge-record.js';
import { CLEANING_BATCH, startsCleaning } from '../expired-challenges.js';
import { type Queryable, rows } from './queryable.js';
import type { Tables } from './tables.js';
import { fromMilliseconds, toMilliseconds } from './timestamps.js';

/** Stores challenges in a table of PostgreSQL. Each challenge is one row. */
export class PostgresChallengeStore implements ChallengeStore {
  readonly #queryable: Queryable;
  readonly #statements: ReturnType<typeof statements>;

  constructor(queryable: Queryable, tables: Tables) {
    this.#queryable = queryable;
    this.#statements = statements(tables);
  }

  async put(challenge: string, record: ChallengeRecord): Promise<void> {
    const { purpose, subject, issuedAt, expiresAt } = storedChallenge(record);
    const values = [challenge, purpose, subject, issuedAt, expiresAt, challengeLifetime(record)];
    await rows(this.#queryable, this.#statements.put, values);
    if (startsCleaning(challenge)) await this.removeExpired(CLEANING_BATCH);
  }

  async take(challenge: string): Promise<ChallengeRecord | undefined> {
    const [row] = await rows(this.#queryable, this.#statements.take, [challenge]);
    return row && readChallengeRecord(row);
  }

  async fate(challenge: string): Promise<ChallengeFate | undefined> {
    const [row] = await rows(this.#queryable, this.#statements.fate, [challenge]);
    return row?.optionalWord('fate', ['used', 'expired']);
  }

  async spend(challenge: string, record: ChallengeRecord): Promise<boolean> {
    const { purpose, issuedAt, expiresAt } = storedChallenge(record);
    const values = [challenge, purpose, issuedAt, expiresAt, spentFor(record)];
    const isFirst = (await rows(this.#queryable, this.#statements.spend, values)).length === 1;
    if (startsCleaning(challenge)) await this.removeExpired(CLEANING_BATCH);
    return isFirst;
  }

  /**
   * Deletes challenges that expired more than a minute ago, the oldest first. Returns the number of deleted challenges.
   *
   * `put` and `spend` also delete expired challenges from time to time. If your servers sometimes call neither method
   * for a long time, call `removeExpired` regularly.
   *
   * @param limit The maximum number of challenges to delete. 1000 by default
   */
  async removeExpired(limit = 1000): Promise<number> {
    const [row] = await rows(this.#queryable, this.#statements.removeExpired, [limit]);
    return row?.integer('removed') ?? 0;
  }
}

/**
 * Each operation is one statement, which is atomic at the isolation level `READ COMMITTED`. If a statement had to wait for a
 * row lock, PostgreSQL evaluates its `WHERE` condition again before it changes the row.
 */
function statements({ challenges }: Tables) {
  return {
    put: `
INSERT INTO ${challenges} (challenge, purpose, subject, issued_at, expires_at, ends_at)
VALUES ($1, $2, $3, ${fromMilliseconds('$4')}, ${fromMilliseconds('$5')}, now() + $6::float8 * interval '1 millisecond')`,

    // The row is not deleted yet. So `fate` can distinguish a used challenge from a challenge that was never issued.
    take: `
UPDATE ${challenges} SET used_at = now() WHERE challenge = $1 AND used_at IS NULL AND ends_at > now()
RETURNING purpose, subject, ${toMilliseconds('issued_at')} AS "issuedAt", ${toMilliseconds('expires_at')} AS "expiresAt"`,

    spend: `
INSERT INTO ${challenges} (challenge, purpose, issued_at, expires_at, ends_at, used_at)
VALUES ($1, $2, ${fromMilliseconds('$3')}, ${fromMilliseconds('$4')}, now() + $5::float8 * interval '1 millisecond', now())
ON CONFLICT (challenge) DO NOTHING RETURNING 1`,

    fate: `
SELECT CASE WHEN used_at IS NOT NULL THEN 'used' WHEN ends_at <= now() THEN 'expired' END AS fate
FROM ${challenges} WHERE challenge = $1`,

    // ARRAY makes the inner SELECT run only once. SKIP LOCKED lets servers delete challenges concurrently without waiting.
    removeExpired: `
WITH gone AS (
  DELETE FROM ${challenges} WHERE challenge = ANY (ARRAY (
    SELECT challenge FROM ${challenges} WHERE ends_at < now() - interval '${REMEMBERED_AFTER_END} milliseconds'
    ORDER BY ends_at LIMIT $1 FOR UPDATE SKIP LOCKED
  )) RETURNING 1
) SELECT count(*) AS removed FROM gone`,
  };
}
