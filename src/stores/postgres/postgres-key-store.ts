import { encodeBase64 } from '../../encoding/base64.js';
import { MAX_COUNTER_WINDOW } from '../../server/counter-window.js';
import type { KeyPage, KeyRegistration, KeyStore, KeyUse, ReceiptUpdate } from '../../server/key-store.js';
import type { NewKey, StoredKey } from '../../server/stored-key.js';
import { extensionsJson, keyValues, readStoredKey } from '../key-record.js';
import { type Queryable, type QueryValue, rows } from './queryable.js';
import { subjectPrefix } from './subject-prefix.js';
import type { Tables } from './tables.js';
import { fromMilliseconds, toMilliseconds } from './timestamps.js';

export class PostgresKeyStore implements KeyStore {
  readonly #queryable: Queryable;
  readonly #statements: ReturnType<typeof statements>;

  constructor(queryable: Queryable, tables: Tables) {
    this.#queryable = queryable;
    this.#statements = statements(tables);
  }

  async insert(key: NewKey): Promise<boolean> {
    return this.#changes(this.#statements.insert, [...keyValues(key), key.receipt ? encodeBase64(key.receipt) : null]);
  }

  async find(keyId: string): Promise<StoredKey | undefined> {
    const [row] = await rows(this.#queryable, this.#statements.find, [keyId]);
    return row && readStoredKey(row);
  }

  advance(
    keyId: string,
    counter: number,
    window: number,
    use?: KeyUse,
    registration?: KeyRegistration,
  ): Promise<boolean> {
    return this.#changes(this.#statements.advance, [
      keyId,
      counter,
      window,
      use?.usedAt.getTime() ?? null,
      use?.extensions ? extensionsJson(use.extensions) : null,
      registration?.createdAt.getTime() ?? null,
      registration?.subject ?? null,
    ]);
  }

  revoke(keyId: string, revokedAt = new Date(), subject?: string): Promise<boolean> {
    return this.#changes(this.#statements.revoke, [keyId, revokedAt.getTime(), subject ?? null]);
  }

  bind(keyId: string, subject: string): Promise<boolean> {
    return this.#changes(this.#statements.bind, [keyId, subject]);
  }

  async list(subject: string, { limit, after = '' }: KeyPage): Promise<StoredKey[]> {
    return (await rows(this.#queryable, this.#statements.list, [subject, after, limit])).map(readStoredKey);
  }

  remove(keyId: string, subject?: string): Promise<boolean> {
    return this.#changes(this.#statements.remove, [keyId, subject ?? null]);
  }

  async receipt(keyId: string): Promise<Uint8Array | undefined> {
    const [row] = await rows(this.#queryable, this.#statements.receipt, [keyId]);
    return row?.bytes('receipt');
  }

  saveReceipt(keyId: string, { receipt, riskMetric, receiptDueAt }: ReceiptUpdate): Promise<boolean> {
    return this.#changes(this.#statements.saveReceipt, [
      keyId,
      receipt ? encodeBase64(receipt) : null,
      riskMetric ?? null,
      receiptDueAt?.getTime() ?? null,
    ]);
  }

  async due(date: Date, limit: number, claimedUntil: Date): Promise<string[]> {
    const values = [date.getTime(), limit, claimedUntil.getTime()];
    return (await rows(this.#queryable, this.#statements.due, values)).map((row) => row.text('keyId'));
  }

  /** Runs a statement and returns whether it changed a row. */
  async #changes(statement: string, values: QueryValue[]): Promise<boolean> {
    return (await rows(this.#queryable, statement, values)).length === 1;
  }
}

/** All columns of a stored key, without the receipt. */
const COLUMNS = `key_id AS "keyId", public_key AS "publicKey", counter, app_id AS "appId", app_clip_id AS "appClipId", environment,
  subject, device::text, extensions::text, ${toMilliseconds('created_at')} AS "createdAt",
  ${toMilliseconds('last_used_at')} AS "lastUsedAt", ${toMilliseconds('revoked_at')} AS "revokedAt",
  risk_metric AS "riskMetric", ${toMilliseconds('receipt_due_at')} AS "receiptDueAt"`;

/**
 * Each operation is one statement, which is atomic at the isolation level `READ COMMITTED`. If a statement had to wait for a
 * row lock, PostgreSQL evaluates its `WHERE` condition again before it changes the row.
 *
 * Parameters that contain JSON have the type `text`. Some clients ask PostgreSQL for the types of the parameters. Such a client
 * would encode the value of a parameter of type `json` as JSON a second time.
 */
function statements({ keys }: Tables) {
  return {
    insert: `
INSERT INTO ${keys} (key_id, public_key, counter, seen, app_id, app_clip_id, environment, subject, device, extensions,
  created_at, last_used_at, revoked_at, risk_metric, receipt_due_at, receipt)
VALUES ($1, $2, $3, ~ 0::bit(${MAX_COUNTER_WINDOW}), $4, $5, $6, $7, $8::text::json, $9::text::json,
  ${fromMilliseconds('$10')}, ${fromMilliseconds('$11')}, ${fromMilliseconds('$12')},
  $13, ${fromMilliseconds('$14')}, decode($15, 'base64'))
ON CONFLICT (key_id) DO NOTHING RETURNING 1`,

    find: `SELECT ${COLUMNS} FROM ${keys} WHERE key_id = $1`,

    // The same algorithm as the function acceptCounter, in SQL. Only CASE guarantees the order of evaluation.
    advance: `
UPDATE ${keys} SET
  counter = greatest(counter, $2::bigint),
  seen = CASE WHEN $2::bigint > counter
    THEN (seen >> least($2::bigint - counter, ${MAX_COUNTER_WINDOW})::int)
      | (set_bit(0::bit(${MAX_COUNTER_WINDOW}), 0, 1) >> least($2::bigint - counter - 1, ${MAX_COUNTER_WINDOW})::int)
    ELSE set_bit(seen, (counter - $2::bigint - 1)::int, 1)
  END,
  last_used_at = CASE WHEN last_used_at > ${fromMilliseconds('$4')} - interval '1 hour' THEN last_used_at
    ELSE coalesce(${fromMilliseconds('$4')}, last_used_at)
  END,
  extensions = coalesce(extensions, $5::text::json)
WHERE key_id = $1 AND revoked_at IS NULL
AND ($6::bigint IS NULL OR ${toMilliseconds('created_at')} = $6 AND subject IS NOT DISTINCT FROM $7::text)
AND CASE
  WHEN $2::bigint > counter THEN true
  WHEN counter - $2::bigint BETWEEN 1 AND $3::int THEN get_bit(seen, (counter - $2::bigint - 1)::int) = 0
  ELSE false
END RETURNING 1`,

    revoke: `
UPDATE ${keys} SET revoked_at = coalesce(revoked_at, ${fromMilliseconds('$2')})
WHERE key_id = $1 AND ($3::text IS NULL OR subject = $3) RETURNING 1`,

    bind: `
UPDATE ${keys} SET subject = $2 WHERE key_id = $1 AND revoked_at IS NULL AND coalesce(subject, $2) = $2 RETURNING 1`,

    // The index contains only the first 512 characters of the column subject. With two plain equalities, the planner would
    // multiply their estimates and expect few keys. It would then read and sort all keys of the user for each page. The planner
    // does not analyse coalesce, so it estimates only the first equality.
    list: `
SELECT ${COLUMNS} FROM ${keys}
WHERE ${subjectPrefix('subject')} = ${subjectPrefix('$1::text')} AND coalesce(subject = $1, false) AND key_id > $2
ORDER BY key_id LIMIT $3`,

    remove: `DELETE FROM ${keys} WHERE key_id = $1 AND ($2::text IS NULL OR subject = $2) RETURNING 1`,

    receipt: `SELECT encode(receipt, 'base64') AS receipt FROM ${keys} WHERE key_id = $1 AND receipt IS NOT NULL`,

    saveReceipt: `
UPDATE ${keys} SET
  receipt = coalesce(decode($2, 'base64'), receipt),
  risk_metric = coalesce($3, risk_metric),
  receipt_due_at = ${fromMilliseconds('$4')},
  receipt_claimed_until = NULL
WHERE key_id = $1 RETURNING 1`,

    // ARRAY makes the inner statement run once. With SKIP LOCKED, a process does not wait for keys that another process claims.
    due: `
WITH claimed AS (
  UPDATE ${keys} SET receipt_claimed_until = ${fromMilliseconds('$3')} WHERE key_id = ANY (ARRAY (
    SELECT key_id FROM ${keys}
    WHERE receipt_due_at <= ${fromMilliseconds('$1')} AND revoked_at IS NULL
      AND (receipt_claimed_until IS NULL OR receipt_claimed_until <= ${fromMilliseconds('$1')})
    ORDER BY receipt_due_at LIMIT $2 FOR UPDATE SKIP LOCKED
  )) RETURNING key_id, receipt_due_at
) SELECT key_id AS "keyId" FROM claimed ORDER BY receipt_due_at`,
  };
}
