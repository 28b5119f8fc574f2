import type { KeyPage, KeyRegistration, KeyStore, KeyUse, ReceiptUpdate } from '../../server/key-store.js';
import type { NewKey, StoredKey } from '../../server/stored-key.js';
import { extensionsJson, keyValues, readStoredKey } from '../key-record.js';
import type { SqliteConnection } from './sqlite-connection.js';
import type { SqliteValue } from './sqlite-driver.js';
import { type SqliteStatement, sqliteStatement } from './sqlite-statement.js';

export class SqliteKeyStore implements KeyStore {
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  async insert(key: NewKey): Promise<boolean> {
    return this.#changes(INSERT, [...keyValues(key), key.receipt ? hex(key.receipt) : null]);
  }

  async find(keyId: string): Promise<StoredKey | undefined> {
    const [row] = await this.#connection.rows(FIND, [keyId]);
    return row && readStoredKey(row);
  }

  advance(
    keyId: string,
    counter: number,
    window: number,
    use?: KeyUse,
    registration?: KeyRegistration,
  ): Promise<boolean> {
    return this.#changes(ADVANCE, [
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
    return this.#changes(REVOKE, [keyId, revokedAt.getTime(), subject ?? null]);
  }

  bind(keyId: string, subject: string): Promise<boolean> {
    return this.#changes(BIND, [keyId, subject]);
  }

  async list(subject: string, { limit, after = '' }: KeyPage): Promise<StoredKey[]> {
    return (await this.#connection.rows(LIST, [subject, after, limit])).map(readStoredKey);
  }

  remove(keyId: string, subject?: string): Promise<boolean> {
    return this.#changes(REMOVE, [keyId, subject ?? null]);
  }

  async receipt(keyId: string): Promise<Uint8Array | undefined> {
    const [row] = await this.#connection.rows(RECEIPT, [keyId]);
    return row && new Uint8Array(Buffer.from(row.text('receipt'), 'hex'));
  }

  saveReceipt(keyId: string, { receipt, riskMetric, receiptDueAt }: ReceiptUpdate): Promise<boolean> {
    return this.#changes(SAVE_RECEIPT, [
      keyId,
      receipt ? hex(receipt) : null,
      riskMetric ?? null,
      receiptDueAt?.getTime() ?? null,
    ]);
  }

  async due(date: Date, limit: number, claimedUntil: Date): Promise<string[]> {
    const rows = await this.#connection.rows(DUE, [date.getTime(), limit, claimedUntil.getTime()]);
    // SQLite returns the rows of an UPDATE in any order.
    return rows
      .map((row) => ({ keyId: row.text('keyId'), dueAt: row.integer('dueAt') }))
      .sort((one, other) => one.dueAt - other.dueAt)
      .map(({ keyId }) => keyId);
  }

  /** Runs a statement and returns whether it changed a row. */
  async #changes(statement: SqliteStatement, values: readonly SqliteValue[]): Promise<boolean> {
    return (await this.#connection.rows(statement, values)).length === 1;
  }
}

/** The stores pass bytes as hex, because each client has a different type for bytes. */
function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** All columns of a stored key, without the receipt. */
const COLUMNS = `key_id AS keyId, public_key AS publicKey, counter, app_id AS appId, app_clip_id AS appClipId, environment, subject,
  device, extensions, created_at AS createdAt, last_used_at AS lastUsedAt, revoked_at AS revokedAt, risk_metric AS riskMetric,
  receipt_due_at AS receiptDueAt`;

// A new key has all bits of `seen` set. As a signed integer, this is -1.
const INSERT = sqliteStatement(`
INSERT INTO app_attest_keys (key_id, public_key, counter, seen, app_id, app_clip_id, environment, subject, device, extensions,
  created_at, last_used_at, revoked_at, risk_metric, receipt_due_at, receipt)
VALUES (?1, ?2, ?3, -1, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, unhex(?15))
ON CONFLICT (key_id) DO NOTHING RETURNING 1 AS inserted`);

const FIND = sqliteStatement(`SELECT ${COLUMNS} FROM app_attest_keys WHERE key_id = ?1`);

// The same algorithm as the function acceptCounter, in SQL. `seen` never leaves SQL, because JavaScript numbers have 53 bits. A
// shift by 64 or more gives 0.
const ADVANCE = sqliteStatement(`
UPDATE app_attest_keys SET
  counter = max(counter, ?2),
  seen = CASE WHEN ?2 > counter THEN ((seen << 1) | 1) << (?2 - counter - 1) ELSE seen | (1 << (counter - ?2 - 1)) END,
  last_used_at = CASE WHEN last_used_at > ?4 - 3600000 THEN last_used_at ELSE coalesce(?4, last_used_at) END,
  extensions = coalesce(extensions, ?5)
WHERE key_id = ?1 AND revoked_at IS NULL
AND (?6 IS NULL OR created_at = ?6 AND subject IS ?7)
AND (?2 > counter OR counter - ?2 BETWEEN 1 AND ?3 AND (seen & (1 << (counter - ?2 - 1))) = 0)
RETURNING 1 AS advanced`);

const REVOKE = sqliteStatement(`
UPDATE app_attest_keys SET revoked_at = coalesce(revoked_at, ?2)
WHERE key_id = ?1 AND (?3 IS NULL OR subject = ?3) RETURNING 1 AS revoked`);

const BIND = sqliteStatement(`
UPDATE app_attest_keys SET subject = ?2 WHERE key_id = ?1 AND revoked_at IS NULL AND coalesce(subject, ?2) = ?2
RETURNING 1 AS bound`);

const LIST = sqliteStatement(`
SELECT ${COLUMNS} FROM app_attest_keys WHERE subject = ?1 AND key_id > ?2 ORDER BY key_id LIMIT ?3`);

const REMOVE = sqliteStatement(`
DELETE FROM app_attest_keys WHERE key_id = ?1 AND (?2 IS NULL OR subject = ?2) RETURNING 1 AS removed`);

const RECEIPT = sqliteStatement(`
SELECT hex(receipt) AS receipt FROM app_attest_keys WHERE key_id = ?1 AND receipt IS NOT NULL`);

const SAVE_RECEIPT = sqliteStatement(`
UPDATE app_attest_keys SET
  receipt = coalesce(unhex(?2), receipt),
  risk_metric = coalesce(?3, risk_metric),
  receipt_due_at = ?4,
  receipt_claimed_until = NULL
WHERE key_id = ?1 RETURNING 1 AS saved`);

const DUE = sqliteStatement(`
UPDATE app_attest_keys SET receipt_claimed_until = ?3 WHERE key_id IN (
  SELECT key_id FROM app_attest_keys
  WHERE receipt_due_at <= ?1 AND revoked_at IS NULL
    AND (receipt_claimed_until IS NULL OR receipt_claimed_until <= ?1)
  ORDER BY receipt_due_at LIMIT ?2
) RETURNING key_id AS keyId, receipt_due_at AS dueAt`);
