import type { AuthenticatorExtensions } from '../../authenticator-data/authenticator-extensions.js';
import { MAX_COUNTER_WINDOW } from '../../server/counter-window.js';
import type { KeyStore } from '../../server/key-store.js';
import type { StoredKey } from '../../server/stored-key.js';
import { extensionsJson, keyRecord, readStoredKey } from '../key-record.js';
import { type Queryable, rows } from './queryable.js';
import type { Tables } from './tables.js';
import { fromMilliseconds, toMilliseconds } from './timestamps.js';

export class PostgresKeyStore implements KeyStore {
  readonly #queryable: Queryable;
  readonly #statements: ReturnType<typeof statements>;

  constructor(queryable: Queryable, tables: Tables) {
    this.#queryable = queryable;
    this.#statements = statements(tables);
  }

  async insert(key: StoredKey): Promise<boolean> {
    const record = keyRecord(key);
    return this.#changes(this.#statements.insert, [
      record.keyId,
      record.publicKey,
      key.counter,
      record.appId,
      record.appClipId,
      record.environment,
      record.subject,
      record.receipt,
      record.device,
      record.extensions,
      record.createdAt,
    ]);
  }

  async find(keyId: string): Promise<StoredKey | undefined> {
    const [row] = await rows(this.#queryable, this.#statements.find, [keyId]);
    return row && readStoredKey(row);
  }

  advance(keyId: string, counter: number, window: number): Promise<boolean> {
    return this.#changes(this.#statements.advance, [keyId, counter, window]);
  }

  revoke(keyId: string, revokedAt = new Date()): Promise<boolean> {
    return this.#changes(this.#statements.revoke, [keyId, revokedAt.getTime()]);
  }

  async recordExtensions(keyId: string, extensions: AuthenticatorExtensions): Promise<void> {
    await this.#changes(this.#statements.recordExtensions, [keyId, extensionsJson(extensions)]);
  }

  /** Runs a statement and returns whether it changed a row. */
  async #changes(statement: string, values: unknown[]): Promise<boolean> {
    return (await rows(this.#queryable, statement, values)).length === 1;
  }
}

/**
 * Each operation is one statement, which is atomic at the isolation level `READ COMMITTED`. If a statement had to wait for a
 * row lock, PostgreSQL evaluates its `WHERE` condition again before it changes the row.
 */
function statements({ keys }: Tables) {
  return {
    insert: `
INSERT INTO ${keys} (key_id, public_key, counter, seen, app_id, app_clip_id, environment, subject,
  receipt, device, extensions, created_at)
VALUES ($1, $2, $3, ~ 0::bit(${MAX_COUNTER_WINDOW}), $4, $5, $6, $7,
  decode($8, 'base64'), $9, $10, ${fromMilliseconds('$11')})
ON CONFLICT (key_id) DO NOTHING RETURNING 1`,

    find: `
SELECT key_id AS "keyId", public_key AS "publicKey", counter, app_id AS "appId", app_clip_id AS "appClipId", environment, subject,
  encode(receipt, 'base64') AS receipt, device::text, extensions::text,
  ${toMilliseconds('created_at')} AS "createdAt", ${toMilliseconds('revoked_at')} AS "revokedAt"
FROM ${keys} WHERE key_id = $1`,

    // The same algorithm as the function acceptCounter, in SQL. Only CASE guarantees the order of evaluation.
    advance: `
UPDATE ${keys} SET
  counter = greatest(counter, $2::bigint),
  seen = CASE WHEN $2::bigint > counter
    THEN (seen >> least($2::bigint - counter, ${MAX_COUNTER_WINDOW})::int)
      | (set_bit(0::bit(${MAX_COUNTER_WINDOW}), 0, 1) >> least($2::bigint - counter - 1, ${MAX_COUNTER_WINDOW})::int)
    ELSE set_bit(seen, (counter - $2::bigint - 1)::int, 1)
  END
WHERE key_id = $1 AND revoked_at IS NULL AND CASE
  WHEN $2::bigint > counter THEN true
  WHEN counter - $2::bigint BETWEEN 1 AND $3::int THEN get_bit(seen, (counter - $2::bigint - 1)::int) = 0
  ELSE false
END RETURNING 1`,

    revoke: `
UPDATE ${keys} SET revoked_at = coalesce(revoked_at, ${fromMilliseconds('$2')}) WHERE key_id = $1 RETURNING 1`,

    recordExtensions: `
UPDATE ${keys} SET extensions = $2::json WHERE key_id = $1 AND extensions IS NULL RETURNING 1`,
  };
}
