import { randomBytes } from 'node:crypto';
import type { AuthenticatorExtensions } from 'app-attest';
import type { KeyPage, KeyRegistration, KeyStore, KeyUse, NewKey, ReceiptUpdate, StoredKey } from 'app-attest/server';
import type { RowDataPacket } from 'mysql2/promise';
import type { MysqlStatements } from './mysql-statements.js';

export class MysqlKeyStore implements KeyStore {
  readonly #statements: MysqlStatements;

  constructor(statements: MysqlStatements) {
    this.#statements = statements;
  }

  insert(key: NewKey) {
    const { keyId, subject, counter, extensions, riskMetric, receipt, ...others } = key;
    const { createdAt, lastUsedAt, revokedAt, receiptDueAt, ...details } = others;
    return this.#statements.inserts(INSERT, {
      keyId,
      subject: subject ?? null,
      details: JSON.stringify(details),
      extensions: extensions ? toJson(extensions) : null,
      counter,
      createdAt: createdAt.getTime(),
      lastUsedAt: lastUsedAt?.getTime() ?? null,
      revokedAt: revokedAt?.getTime() ?? null,
      riskMetric: riskMetric ?? null,
      receipt: receipt ? Buffer.from(receipt) : null,
      receiptDueAt: receiptDueAt?.getTime() ?? null,
    });
  }

  async find(keyId: string) {
    const [row] = await this.#statements.rows<KeyRow>(FIND, { keyId });
    return row && storedKey(row);
  }

  async advance(keyId: string, counter: number, window: number, use?: KeyUse, registration?: KeyRegistration) {
    const values = {
      keyId,
      counter,
      window,
      usedAt: use?.usedAt.getTime() ?? null,
      extensions: use?.extensions ? toJson(use.extensions) : null,
      createdAt: registration?.createdAt.getTime() ?? null,
      subject: registration?.subject ?? null,
    };
    return (await this.#statements.found(ADVANCE, values)) === 1;
  }

  async revoke(keyId: string, revokedAt = new Date(), subject: string | null = null) {
    return (await this.#statements.found(REVOKE, { keyId, revokedAt: revokedAt.getTime(), subject })) === 1;
  }

  async bind(keyId: string, subject: string) {
    return (await this.#statements.found(BIND, { keyId, subject })) === 1;
  }

  async list(subject: string, { limit, after = '' }: KeyPage) {
    const rows = await this.#statements.rows<KeyRow>(LIST, { subject, after, limit: String(limit) });
    return rows.map(storedKey);
  }

  async remove(keyId: string, subject: string | null = null) {
    return (await this.#statements.found(REMOVE, { keyId, subject })) === 1;
  }

  async receipt(keyId: string) {
    const [row] = await this.#statements.rows<ReceiptRow>(RECEIPT, { keyId });
    return row?.receipt;
  }

  async saveReceipt(keyId: string, { receipt, riskMetric, receiptDueAt }: ReceiptUpdate) {
    const values = {
      keyId,
      receipt: receipt ? Buffer.from(receipt) : null,
      riskMetric: riskMetric ?? null,
      receiptDueAt: receiptDueAt?.getTime() ?? null,
    };
    return (await this.#statements.found(SAVE_RECEIPT, values)) === 1;
  }

  /** The `UPDATE` decides which keys this call claims. The `SELECT` finds them by the random identifier of the claim. */
  async due(date: Date, limit: number, claimedUntil: Date) {
    const claim = { claim: randomBytes(16), date: date.getTime() };
    const values = { ...claim, claimedUntil: claimedUntil.getTime(), limit: String(limit) };
    const count = await this.#statements.found(CLAIM, values);
    const rows = await this.#statements.rows<KeyRow>(CLAIMED, { ...claim, limit: String(count) });
    return rows.map((row) => row.key_id.toString());
  }
}

interface KeyRow extends RowDataPacket {
  key_id: Buffer;
  subject: Buffer | null;
  details: string;
  extensions: string | null;
  counter: number;
  created_at: number;
  last_used_at: number | null;
  revoked_at: number | null;
  risk_metric: number | null;
  receipt_due_at: number | null;
}

interface ReceiptRow extends RowDataPacket {
  receipt: Buffer | null;
}

/** The properties of a key that no statement compares or changes. */
type KeyDetails = Pick<StoredKey, 'publicKey' | 'appId' | 'appClipId' | 'environment' | 'device'>;

function storedKey(row: KeyRow): StoredKey {
  const details: KeyDetails = JSON.parse(row.details);
  return {
    ...details,
    keyId: row.key_id.toString(),
    counter: row.counter,
    createdAt: new Date(row.created_at),
    ...(row.subject !== null && { subject: row.subject.toString() }),
    ...(row.extensions !== null && { extensions: fromJson(row.extensions) }),
    ...(row.last_used_at !== null && { lastUsedAt: new Date(row.last_used_at) }),
    ...(row.revoked_at !== null && { revokedAt: new Date(row.revoked_at) }),
    ...(row.risk_metric !== null && { riskMetric: row.risk_metric }),
    ...(row.receipt_due_at !== null && { receiptDueAt: new Date(row.receipt_due_at) }),
  };
}

/** JSON has no bytes, so the hash is in hex. */
function toJson({ codeDirectoryHash, ...others }: AuthenticatorExtensions) {
  const hash = codeDirectoryHash && Buffer.from(codeDirectoryHash).toString('hex');
  return JSON.stringify({ ...others, codeDirectoryHash: hash });
}

function fromJson(json: string): AuthenticatorExtensions {
  const { codeDirectoryHash: hash, ...others } = JSON.parse(json);
  return hash === undefined ? others : { ...others, codeDirectoryHash: new Uint8Array(Buffer.from(hash, 'hex')) };
}

const INSERT = `
INSERT INTO app_attest_keys (key_id, subject, details, extensions, counter, created_at, last_used_at, revoked_at, risk_metric,
  receipt, receipt_due_at)
VALUES (:keyId, :subject, :details, :extensions, :counter, :createdAt, :lastUsedAt, :revokedAt, :riskMetric,
  :receipt, :receiptDueAt)`;

// No request needs the receipt, so these are all columns except the receipt and its claim.
const COLUMNS = `key_id, subject, details, extensions, counter, created_at, last_used_at, revoked_at, risk_metric, receipt_due_at`;

const FIND = `SELECT ${COLUMNS} FROM app_attest_keys WHERE key_id = :keyId`;

// RFC 4303 §3.4.3. MySQL assigns from left to right, so `seen` must come before `counter`. A shift by 64 or more gives 0.
const ADVANCE = `
UPDATE app_attest_keys SET
  seen = IF(:counter > counter, ((seen << 1) | 1) << (:counter - counter - 1), seen | (1 << (counter - :counter - 1))),
  counter = GREATEST(counter, :counter),
  last_used_at = IF(last_used_at > :usedAt - 3600000, last_used_at, COALESCE(:usedAt, last_used_at)),
  extensions = COALESCE(extensions, :extensions)
WHERE key_id = :keyId AND revoked_at IS NULL
AND (:createdAt IS NULL OR (created_at = :createdAt AND subject <=> :subject))
AND (:counter > counter OR (counter - :counter BETWEEN 1 AND :window AND (seen & (1 << (counter - :counter - 1))) = 0))`;

const REVOKE = `
UPDATE app_attest_keys SET revoked_at = COALESCE(revoked_at, :revokedAt)
WHERE key_id = :keyId AND (:subject IS NULL OR subject = :subject)`;

const BIND = `
UPDATE app_attest_keys SET subject = :subject
WHERE key_id = :keyId AND revoked_at IS NULL AND (subject IS NULL OR subject = :subject)`;

const LIST = `
SELECT ${COLUMNS} FROM app_attest_keys WHERE subject = :subject AND key_id > :after ORDER BY key_id LIMIT :limit`;

const REMOVE = 'DELETE FROM app_attest_keys WHERE key_id = :keyId AND (:subject IS NULL OR subject = :subject)';

const RECEIPT = 'SELECT receipt FROM app_attest_keys WHERE key_id = :keyId';

const SAVE_RECEIPT = `
UPDATE app_attest_keys SET
  receipt = COALESCE(:receipt, receipt),
  risk_metric = COALESCE(:riskMetric, risk_metric),
  receipt_due_at = :receiptDueAt,
  receipt_claimed_until = NULL
WHERE key_id = :keyId`;

// MySQL has no UPDATE … RETURNING, and DELETE … RETURNING only in MariaDB.
const CLAIM = `
UPDATE app_attest_keys SET receipt_claim = :claim, receipt_claimed_until = :claimedUntil
WHERE receipt_pending_at <= :date AND (receipt_claimed_until IS NULL OR receipt_claimed_until <= :date)
ORDER BY receipt_pending_at LIMIT :limit`;

const CLAIMED = `
SELECT key_id FROM app_attest_keys
WHERE receipt_pending_at <= :date AND receipt_claim = :claim
ORDER BY receipt_pending_at LIMIT :limit`;
