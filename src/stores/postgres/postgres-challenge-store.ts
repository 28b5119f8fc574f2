import type { ChallengeFate, ChallengeRecord, ChallengeStore } from '../../server/challenge-store.js';
import { challengeLifetime, REMEMBERED_AFTER_END, readChallengeRecord, storedChallenge } from '../challenge-record.js';
import { type Queryable, rows } from './queryable.js';
import type { Tables } from './tables.js';
import { fromMilliseconds, toMilliseconds } from './timestamps.js';

/** One challenge in 64 begins with this letter. Putting one deletes a batch of expired challenges. */
const CLEANING = 'A';

/** More than 64, so that the number of expired challenges shrinks even after a rush. */
const BATCH = 256;

/** Challenges in a table of PostgreSQL, one row each. */
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
    if (challenge.startsWith(CLEANING)) await this.removeExpired(BATCH);
  }

  async take(challenge: string): Promise<ChallengeRecord | undefined> {
    const [row] = await rows(this.#queryable, this.#statements.take, [challenge]);
    return row && readChallengeRecord(row);
  }

  async fate(challenge: string): Promise<ChallengeFate | undefined> {
    const [row] = await rows(this.#queryable, this.#statements.fate, [challenge]);
    return row?.optionalWord('fate', ['used', 'expired']);
  }

  /**
   * Deletes challenges that expired more than a minute ago, oldest first. Returns how many it deleted. `put` does this
   * from time to time. Call it from a timer of your own if challenges come in rushes.
   *
   * @param limit The maximum number to delete in one statement. 1000 by default
   */
  async removeExpired(limit = 1000): Promise<number> {
    const [row] = await rows(this.#queryable, this.#statements.removeExpired, [limit]);
    return row?.integer('removed') ?? 0;
  }
}

/**
 * Each is one statement, atomic at `READ COMMITTED`: a statement that waited for a row lock checks the row again before
 * it changes it.
 */
function statements({ challenges }: Tables) {
  return {
    put: `
INSERT INTO ${challenges} (challenge, purpose, subject, issued_at, expires_at, ends_at)
VALUES ($1, $2, $3, ${fromMilliseconds('$4')}, ${fromMilliseconds('$5')}, now() + $6::float8 * interval '1 millisecond')`,

    // The row stays for a while, to distinguish a used challenge from one that was never issued.
    take: `
UPDATE ${challenges} SET used_at = now() WHERE challenge = $1 AND used_at IS NULL AND ends_at > now()
RETURNING purpose, subject, ${toMilliseconds('issued_at')} AS "issuedAt", ${toMilliseconds('expires_at')} AS "expiresAt"`,

    fate: `
SELECT CASE WHEN used_at IS NOT NULL THEN 'used' WHEN ends_at <= now() THEN 'expired' END AS fate
FROM ${challenges} WHERE challenge = $1`,

    // ARRAY makes the inner statement run once. With SKIP LOCKED, servers that clean up concurrently do not wait.
    removeExpired: `
WITH gone AS (
  DELETE FROM ${challenges} WHERE challenge = ANY (ARRAY (
    SELECT challenge FROM ${challenges} WHERE ends_at < now() - interval '${REMEMBERED_AFTER_END} milliseconds'
    ORDER BY ends_at LIMIT $1 FOR UPDATE SKIP LOCKED
  )) RETURNING 1
) SELECT count(*) AS removed FROM gone`,
  };
}
