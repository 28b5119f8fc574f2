import { createPool } from 'mysql2/promise';
import { MysqlChallengeStore } from './mysql-challenges.js';
import { MysqlKeyStore } from './mysql-keys.js';
import { MysqlStatements } from './mysql-statements.js';

/** Opens a database with the tables of mysql.sql, such as `mysql://user:password@host/app_attest`. */
export function openMysql(uri: string, timeout = 2) {
  const pool = createPool({
    uri,
    connectTimeout: timeout * 1000,
    queueLimit: 1000, // further calls fail immediately. Otherwise, calls would fill the memory while the database is down
    namedPlaceholders: true, // the placeholders in the statements are :names
    flags: ['FOUND_ROWS'], // affectedRows also counts rows that a statement found and did not change
  });
  const statements = new MysqlStatements(pool, timeout);
  return { pool, stores: { challenges: new MysqlChallengeStore(statements), keys: new MysqlKeyStore(statements) } };
}
