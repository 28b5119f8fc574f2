import { randomBytes, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kyselyQueryable } from '../../examples/bridges/kysely.js';
import { storeConformance } from '../../src/conformance/index.js';
import { newKey } from '../../src/conformance/new-key.js';
import type { NewKey } from '../../src/server/stored-key.js';
import { migrate, migrations, postgresStores } from '../../src/stores/postgres/index.js';
import { PostgresServer } from '../servers/support/postgres-server.js';
import { clients, type OpenClient, useWebSocketProxy } from './support/open-clients.js';
import { WebSocketProxy } from './support/web-socket-proxy.js';

/** The time limit of the stores, in seconds. It is long, because the test machine may be slow. */
const PATIENCE = 30;
const schema = 'app_attest';

let server: PostgresServer;
let admin: Pool;
let webSockets: WebSocketProxy;
beforeAll(async () => {
  [server, webSockets] = await Promise.all([PostgresServer.start(), WebSocketProxy.start()]);
  admin = new Pool({ connectionString: server.url });
  useWebSocketProxy(webSockets.port);
});
afterAll(async () => {
  await admin.end();
  await Promise.all([server.stop(), webSockets.stop()]);
});

/** Creates an empty database with settings that change the text of dates, bytes and numbers. Returns its address. */
async function emptyDatabase(): Promise<URL> {
  const name = `d${randomUUID().replaceAll('-', '')}`;
  await admin.query(`CREATE DATABASE ${name}`);
  for (const setting of ["TimeZone = 'Pacific/Chatham'", "DateStyle = 'SQL, DMY'", "bytea_output = 'escape'"])
    await admin.query(`ALTER DATABASE ${name} SET ${setting}`);
  const url = new URL(server.url);
  url.pathname = name;
  return url;
}

/** Users that a client could take for JSON, an array, a number, a date, bytes or a parameter. */
const USERS = [
  '{"a":1}',
  '"a"',
  '[1]',
  '{1,2}',
  'null',
  '1',
  '9007199254740993',
  '2026-01-01T00:00:00Z',
  '\\x00ff',
  '$1',
  'ä€😀',
];

/** A key with all properties. Its times have milliseconds, and its numbers do not fit into a signed 32-bit integer. */
const fullKey = (subject: string, index: number): NewKey =>
  newKey({
    counter: 4_294_967_290,
    appClipId: 'TEAMID1234.com.example.app.Clip',
    subject,
    receipt: Uint8Array.from({ length: 256 }, (_, byte) => byte),
    device: { platform: 'iphoneos', osVersion: '27.0', osBuild: '24A325b', deviceClass: 4_294_967_295 },
    extensions: { validationCategory: 1, bundleVersion: '{"a":1}', codeDirectoryHash: new Uint8Array(32).fill(255) },
    createdAt: new Date(1_700_000_000_123 + index),
    lastUsedAt: new Date(1_700_000_001_001),
    riskMetric: 2 ** 40 + 1,
    receiptDueAt: new Date(1_900_000_000_500),
  });

/** A key without the properties that may be absent. */
const { receipt: _, ...sparseKey } = newKey();

const newReceipt = new Uint8Array(randomBytes(4000));

describe.each(Object.entries(clients))('%s', (_, { open, preparesStatements }) => {
  let url: URL;
  let one: OpenClient;
  let other: OpenClient;
  beforeAll(async () => {
    url = await emptyDatabase();
    one = open(url.href, PATIENCE);
    other = open(url.href, PATIENCE);
    await migrate(one.queryable, { schema });
  });
  afterAll(() => Promise.all([one.close(), other.close()]));

  let turn = 0;
  const nextServer = () => {
    turn += 1;
    return turn % 2 === 0 ? one.stores : other.stores;
  };
  for (const { name, run } of storeConformance(nextServer)) it(name, run);

  it('migrates the database, and reports the error of a migration that fails', async () => {
    await migrate(one.queryable, { schema });
    const pool = new Pool({ connectionString: url.href });
    const { rows } = await pool.query('SELECT version FROM app_attest.app_attest_migrations ORDER BY version');
    expect(rows).toEqual(migrations.map(({ version }) => ({ version })));
    await pool.query('CREATE SCHEMA old; CREATE TABLE old.app_attest_challenges ()');
    await expect(migrate(one.queryable, { schema: 'old' })).rejects.toThrow('app_attest_migrations does not');
    await pool.end();
  });

  it(`${preparesStatements ? 'prepares the statements of the stores' : 'sends the statements of the stores without a name'}`, async () => {
    const everyConnection = (run: () => Promise<unknown>) => Promise.all(Array.from({ length: 20 }, run));
    await everyConnection(() => one.stores.keys.find(sparseKey.keyId));
    const text =
      "SELECT 1 FROM pg_prepared_statements WHERE statement LIKE '%WHERE key_id = $1' AND parameter_types = '{text}'";
    const results = await everyConnection(async () => (await one.queryable.query(text, [])).rows.length);
    expect(results.some((count) => count === 1)).toBe(preparesStatements);
  });

  it('writes and reads the same rows as the package pg', async () => {
    const pool = new Pool({ connectionString: url.href });
    await migrate(pool, { schema: 'reference' });
    const reference = postgresStores(pool, { schema: 'reference', timeout: PATIENCE });
    await pool.query('TRUNCATE app_attest.app_attest_keys');
    for (const key of [...USERS.map(fullKey), sparseKey]) {
      const read = [];
      for (const { keys } of [reference, one.stores]) {
        const use = { usedAt: new Date(1_800_000_000_999), extensions: { bundleVersion: '[]' } };
        const changes = [
          await keys.insert(key),
          await keys.insert(key),
          await keys.advance(key.keyId, 4_294_967_295, 0, use, { createdAt: key.createdAt, subject: key.subject }),
          await keys.advance(key.keyId, 4_294_967_295, 0),
          await keys.saveReceipt(key.keyId, { receipt: newReceipt, riskMetric: 2 ** 41 + 1, receiptDueAt: null }),
          await keys.revoke(key.keyId, new Date(1_800_000_001_501)),
        ];
        expect(changes).toEqual([true, false, true, false, true, true]);
        expect(await keys.receipt(key.keyId)).toEqual(newReceipt);
        const listed = key.subject === undefined ? [] : await keys.list(key.subject, { limit: 2 });
        read.push({ found: await keys.find(key.keyId), listed });
      }
      expect(read[1]).toEqual(read[0]);
    }
    const rowsOf = async (table: string) => (await pool.query(`SELECT k::text FROM ${table} k ORDER BY key_id`)).rows;
    expect(await rowsOf('app_attest.app_attest_keys')).toEqual(await rowsOf('reference.app_attest_keys'));
    await pool.end();
  });
});

it('the bridge of Kysely rejects a transaction', async () => {
  const db = new Kysely({ dialect: new PostgresDialect({ pool: new Pool({ connectionString: server.url }) }) });
  const inTransaction = db.transaction().execute(async (transaction) => kyselyQueryable(transaction));
  await expect(inTransaction).rejects.toThrow('not a transaction');
  await db.destroy();
});

it('docs/stores.md states which clients prepare statements, and which clients close connections that do not respond', async () => {
  const document = await readFile(new URL('../../docs/stores.md', import.meta.url), 'utf8');
  const rows = [...document.matchAll(/^\| ([^|]+) \| \[`[^|]+ \| (yes|no) \| (yes|no) \|/gm)];
  expect(rows).toHaveLength(6);
  for (const [, name = '', prepares, closes] of rows) {
    const { preparesStatements, closesDeadConnections } = clients[name] ?? {};
    expect([preparesStatements, closesDeadConnections], name).toEqual([prepares === 'yes', closes === 'yes']);
  }
});
