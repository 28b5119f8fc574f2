import { createHash } from 'node:crypto';
import { migrate, postgresStores } from 'app-attest/postgres';
import type { NewKey } from 'app-attest/server';
import type { Pool } from 'pg';

/** The number of keys that one statement adds. */
const BATCH = 10_000;

/** The value of the header for the key identifier: 44 characters of base64. */
const HEADER = /x-app-attest-key-id: .{44}\r\n/i;

/**
 * Many keys in a schema of PostgreSQL, in the table that `postgresStores` uses. Each key has an identifier, a user, dates and a
 * receipt of 4 KB of its own. The public key of each key is a copy of the public key of one of a few devices. The receipt is also
 * a copy, except for 32 bytes.
 *
 * The signed bytes of a request do not contain the key identifier. So a device can sign requests for all keys that have its
 * public key.
 */
export class Fleet {
  readonly namespace: string;
  readonly size: number;
  readonly #devices: number;

  /**
   * Creates the schema and its keys.
   *
   * @param keys The keys of the devices, which are added too
   */
  static async create(pool: Pool, namespace: string, size: number, keys: readonly NewKey[]): Promise<Fleet> {
    await migrate(pool, { schema: namespace });
    const stores = postgresStores(pool, { schema: namespace });
    for (const key of keys) await stores.keys.insert(key);
    const ids = keys.map(({ keyId }) => keyId);
    for (let start = 0; start < size; start += BATCH)
      await pool.query(copies(namespace), [ids, start, Math.min(start + BATCH, size) - 1]);
    await pool.query(`VACUUM (ANALYZE) ${namespace}.app_attest_keys`);
    await pool.query('CHECKPOINT');
    return new Fleet(namespace, size, keys.length);
  }

  private constructor(namespace: string, size: number, devices: number) {
    this.namespace = namespace;
    this.size = size;
    this.#devices = devices;
  }

  /** Returns the identifier of the key with this number. */
  keyId(number: number): string {
    return createHash('sha256').update(`key ${number}`).digest('base64');
  }

  /** Replaces the key identifier in the request with number `turn`. The chosen keys of a device are spread over the table. */
  named(request: Buffer, turn: number): Buffer {
    const device = turn % this.#devices;
    const place = (Math.imul(turn, 0x9e3779b1) >>> 0) / 2 ** 32;
    const number = device + this.#devices * Math.floor((place * this.size) / this.#devices);
    return Buffer.from(
      request.toString('latin1').replace(HEADER, `x-app-attest-key-id: ${this.keyId(number)}\r\n`),
      'latin1',
    );
  }
}

/**
 * SQL that copies the keys of the devices. The key with number `n` is a copy of the key of device `n % devices`, with a new
 * identifier.
 */
function copies(namespace: string): string {
  const keys = `${namespace}.app_attest_keys`;
  return `
INSERT INTO ${keys} (key_id, public_key, counter, seen, app_id, environment, subject, device, extensions,
  created_at, last_used_at, receipt, risk_metric, receipt_due_at)
SELECT encode(identifier, 'base64'), public_key, 0, seen, app_id, environment, 'user ' || n, device, extensions,
  now() - random() * interval '300 days', now() - random() * interval '30 days', overlay(receipt PLACING identifier FROM 1000),
  risk_metric, now() + random() * interval '90 days'
FROM generate_series($2::int, $3::int) AS n
CROSS JOIN LATERAL (SELECT sha256(convert_to('key ' || n, 'UTF8'))) AS named (identifier)
JOIN unnest($1::text[]) WITH ORDINALITY AS device (key_id, position) ON position = n % cardinality($1::text[]) + 1
JOIN ${keys} USING (key_id)`;
}
