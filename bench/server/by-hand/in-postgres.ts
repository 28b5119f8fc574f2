import { LIFETIME, type StoresByHand } from './stores.js';

/** The part of a `Pool` of the package `pg` that the service uses. */
export interface PoolByHand {
  query(text: string, values?: unknown[]): Promise<{ rows: object[] }>;
}

/** State in PostgreSQL, in tables of a new schema. They have the same storage parameters as the tables of this package. */
export async function inPostgres(pool: PoolByHand, schema: string, hasOneStatement: boolean): Promise<StoresByHand> {
  const [challenges, keys] = [`${schema}.challenges`, `${schema}.keys`];
  await pool.query(`
CREATE SCHEMA ${schema};
CREATE UNLOGGED TABLE ${challenges} (
  challenge text COLLATE "C" PRIMARY KEY, ends_at timestamptz NOT NULL, used_at timestamptz
) WITH (fillfactor = 80);
CREATE INDEX ON ${challenges} (ends_at);
CREATE TABLE ${keys} (
  key_id text COLLATE "C" PRIMARY KEY, public_key text NOT NULL, counter bigint NOT NULL, last_used_at timestamptz,
  revoked_at timestamptz
) WITH (fillfactor = 80);`);

  const put = `INSERT INTO ${challenges} VALUES ($1, now() + ${LIFETIME} * interval '1 second')`;
  const take = `
UPDATE ${challenges} SET used_at = now() WHERE challenge = $1 AND used_at IS NULL AND ends_at > now() RETURNING 1`;
  const insert = `INSERT INTO ${keys} VALUES ($1, $2, $3)`;
  const find = `SELECT public_key AS "publicKey", counter FROM ${keys} WHERE key_id = $1`;
  const advance = `
UPDATE ${keys} SET counter = $2, last_used_at = now()
WHERE key_id = $1 AND counter < $2::bigint AND revoked_at IS NULL RETURNING 1`;
  const both = `
WITH taken AS (${take})
UPDATE ${keys} SET counter = $3, last_used_at = now()
WHERE key_id = $2 AND counter < $3::bigint AND revoked_at IS NULL AND EXISTS (SELECT FROM taken) RETURNING 1`;
  return {
    async put(challenge) {
      await pool.query(put, [challenge]);
    },
    async take(challenge) {
      return (await pool.query(take, [challenge])).rows.length === 1;
    },
    async insert({ keyId, publicKey, counter }) {
      await pool.query(insert, [keyId, publicKey, counter]);
    },
    async find(keyId) {
      const [row] = (await pool.query(find, [keyId])).rows;
      const { publicKey, counter } = Object(row);
      return row && { keyId, publicKey: String(publicKey), counter: Number(counter) };
    },
    async advance(keyId, counter) {
      return (await pool.query(advance, [keyId, counter])).rows.length === 1;
    },
    ...(hasOneStatement && {
      async takeAndAdvance(challenge: string, keyId: string, counter: number) {
        return (await pool.query(both, [challenge, keyId, counter])).rows.length === 1;
      },
    }),
  };
}
