import type { Client, InValue } from '@libsql/client';
import { LIFETIME, type StoresByHand } from './stores.js';

/** State in an SQLite file, with the settings of the stores of this package: a write-ahead log, and `synchronous = FULL`. */
export async function inSqlite(client: Client): Promise<StoresByHand> {
  for (const statement of TABLES) await client.execute(statement);
  const rows = async (sql: string, args: InValue[]) => (await client.execute({ sql, args })).rows;
  return {
    async put(challenge) {
      await rows(PUT, [challenge]);
    },
    async take(challenge) {
      return (await rows(TAKE, [challenge])).length === 1;
    },
    async insert({ keyId, publicKey, counter }) {
      await rows(INSERT, [keyId, publicKey, counter]);
    },
    async find(keyId) {
      const [row] = await rows(FIND, [keyId]);
      const { publicKey, counter } = Object(row);
      return row && { keyId, publicKey: String(publicKey), counter: Number(counter) };
    },
    async advance(keyId, counter) {
      return (await rows(ADVANCE, [keyId, counter])).length === 1;
    },
  };
}

const TABLES = [
  'PRAGMA journal_mode = WAL',
  'PRAGMA synchronous = FULL',
  `CREATE TABLE challenges (challenge TEXT PRIMARY KEY, ends_at INTEGER NOT NULL, used_at INTEGER) STRICT, WITHOUT ROWID`,
  'CREATE INDEX challenges_ends_at ON challenges (ends_at)',
  `CREATE TABLE keys (
  key_id TEXT PRIMARY KEY, public_key TEXT NOT NULL, counter INTEGER NOT NULL, last_used_at INTEGER, revoked_at INTEGER
) STRICT`,
];

const PUT = `INSERT INTO challenges VALUES (?1, unixepoch() + ${LIFETIME}, NULL)`;

const TAKE = `
UPDATE challenges SET used_at = unixepoch() WHERE challenge = ?1 AND used_at IS NULL AND ends_at > unixepoch() RETURNING 1`;

const INSERT = 'INSERT INTO keys VALUES (?1, ?2, ?3, NULL, NULL)';

const FIND = 'SELECT public_key AS publicKey, counter FROM keys WHERE key_id = ?1';

const ADVANCE = `
UPDATE keys SET counter = ?2, last_used_at = unixepoch() WHERE key_id = ?1 AND counter < ?2 AND revoked_at IS NULL RETURNING 1`;
