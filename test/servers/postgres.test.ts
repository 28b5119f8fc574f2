import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { migratePostgres, openPostgres } from '../../examples/postgres.js';
import { openBoth } from '../../examples/redis-and-postgres.js';
import { storeConformance } from '../../src/conformance/index.js';
import { newKey } from '../../src/conformance/new-key.js';
import { newChallenge } from '../../src/server/challenge.js';
import { migrate, migrations, postgresStores } from '../../src/stores/postgres/index.js';
import { Child } from './support/child.js';
import type { Claim } from './support/claim.js';
import { PostgresServer } from './support/postgres-server.js';
import { PATIENCE } from './support/store-kinds.js';

const record = () => {
  const issuedAt = new Date();
  return { purpose: 'assertion' as const, issuedAt, expiresAt: new Date(issuedAt.getTime() + 60_000) };
};

describe('a PostgreSQL server', () => {
  let pool: Pool;
  beforeAll(() => {
    pool = new Pool({ connectionString: inject('addresses').postgres });
  });
  afterAll(() => pool.end());

  /** Creates a database that no other test uses, and returns its address. */
  async function emptyDatabase(): Promise<string> {
    const database = `d${randomUUID().replaceAll('-', '')}`;
    await pool.query(`CREATE DATABASE ${database}`);
    return inject('addresses').postgres.replace(/postgres$/, database);
  }

  /** Creates a database with empty tables, and opens stores in it. */
  async function openEmpty() {
    const url = await emptyDatabase();
    await migratePostgres(url);
    return openPostgres(url, PATIENCE);
  }

  describe('whose database is migrated,', () => {
    const tables = `SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
      WHERE nspname = 'app_attest' AND relkind = 'r' ORDER BY relname`;
    const versions = 'SELECT version FROM app_attest.app_attest_migrations ORDER BY version';

    it.each(['read committed', 'serializable'])(
      'has one set of tables although 20 clients migrate the database at the same time (isolation level %s)',
      async (isolation) => {
        const url = await emptyDatabase();
        const options = `-c default_transaction_isolation=${isolation.replace(' ', '\\ ')}`;
        const clients = Array.from({ length: 20 }, () => new Client({ connectionString: url, options }));
        await Promise.all(clients.map((client) => client.connect()));
        await Promise.all(clients.map((client) => migrate(client, { schema: 'app_attest' })));
        const [client] = clients;
        expect((await client?.query(versions))?.rows).toEqual(migrations.map(({ version }) => ({ version })));
        expect((await client?.query(tables))?.rows).toEqual([
          { relname: 'app_attest_challenges' },
          { relname: 'app_attest_keys' },
          { relname: 'app_attest_migrations' },
        ]);
        await Promise.all(clients.map((one) => one.end()));
      },
    );

    it('does not change the database if a migration fails or the connection closes, and can run the migration later', async () => {
      const url = await emptyDatabase();
      const client = new Client({ connectionString: url });
      const other = new Client({ connectionString: url });
      await Promise.all([client.connect(), other.connect()]);
      client.on('error', () => undefined);
      await other.query('CREATE SCHEMA app_attest');
      // The fourth migration creates an index with the same name, so it fails.
      await other.query('CREATE TABLE app_attest.app_attest_keys_subject ()');
      await expect(migrate(client, { schema: 'app_attest' })).rejects.toThrow('already exists');
      expect((await other.query(tables)).rows).toEqual([{ relname: 'app_attest_keys_subject' }]);

      // The third migration waits for the name of its table until this transaction ends.
      await other.query('DROP TABLE app_attest.app_attest_keys_subject');
      await other.query('BEGIN; CREATE TABLE app_attest.app_attest_keys ()');
      const migrated = migrate(client, { schema: 'app_attest' }).catch((error: Error) => error);
      await expect
        .poll(
          async () =>
            (await pool.query(`SELECT pid FROM pg_stat_activity WHERE wait_event = 'transactionid'`)).rowCount,
        )
        .toBe(1);
      await pool.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'transactionid'`);
      expect(await migrated).toBeInstanceOf(Error);
      await other.query('ROLLBACK');
      expect((await other.query(tables)).rows).toEqual([]);
      await migratePostgres(url);
      expect((await other.query(versions)).rows).toHaveLength(migrations.length);
      await other.end();
    });

    it('reports the database or the schema for which the role lacks a privilege', async () => {
      const role = `r${randomUUID().replaceAll('-', '')}`;
      const url = new URL(await emptyDatabase());
      await pool.query(`CREATE ROLE ${role} LOGIN`);
      url.username = role;
      const [client, owner] = [
        new Client({ connectionString: url.href }),
        new Client({ connectionString: url.href.replace(role, 'postgres') }),
      ];
      await Promise.all([client.connect(), owner.connect()]);
      const database = url.pathname.slice(1);
      await expect(migrate(client, { schema: 'app_attest' })).rejects.toThrow(
        `permission denied for database ${database}`,
      );
      await owner.query(`CREATE SCHEMA app_attest; GRANT USAGE ON SCHEMA app_attest TO ${role}`);
      await expect(migrate(client, { schema: 'app_attest' })).rejects.toMatchObject({
        message: 'permission denied for schema app_attest',
        code: '42501',
      });
      await owner.query(`GRANT CREATE ON SCHEMA app_attest TO ${role}`);
      await migrate(client, { schema: 'app_attest' });
      await Promise.all([client.end(), owner.end()]);
    });
  });

  it('lists keys in the order of their bytes, even if the database sorts text by the rules of a language', async () => {
    const database = `d${randomUUID().replaceAll('-', '')}`;
    await pool.query(`CREATE DATABASE ${database} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'`);
    const url = inject('addresses').postgres.replace(/postgres$/, database);
    await migratePostgres(url);
    const opened = openPostgres(url, PATIENCE);
    const { keys } = opened.stores;
    const letters = ['a', 'B', '+', '/', 'Z', '0'];
    for (const letter of letters)
      await keys.insert(newKey({ keyId: letter + newKey().keyId.slice(1), subject: 'user' }));
    const first = await keys.list('user', { limit: 4 });
    const second = await keys.list('user', { limit: 4, after: first[3]?.keyId });
    expect([...first, ...second].map(({ keyId }) => keyId[0])).toEqual(['+', '/', '0', 'B', 'Z', 'a']);
    await opened.pool.end();
  });

  it('finds the keys of a user and due receipts by index among 200 000 keys', async () => {
    const opened = await openEmpty();
    await opened.pool.query(`
      INSERT INTO app_attest.app_attest_keys (key_id, public_key, counter, seen, app_id, environment, subject, device,
        created_at, revoked_at, receipt_due_at)
      SELECT encode(sha256(n::text::bytea), 'base64'), 'key', 0, 0::bit(64), 'app', 'production',
        CASE WHEN n % 20 = 0 THEN 'everyone' WHEN n % 10 > 0 THEN 'user ' || n % 60000 END, '{}', now(), CASE WHEN n % 50 = 0 THEN now() END,
        CASE WHEN n % 3 > 0 THEN now() + (n % 90 - 1) * interval '1 day' END
      FROM generate_series(1, 200000) AS n`);
    await opened.pool.query('VACUUM ANALYZE app_attest.app_attest_keys');
    const plans: string[] = [];
    const { keys } = postgresStores(
      {
        async query(text, values) {
          const { rows } = await opened.pool.query(`EXPLAIN ${text}`, values);
          plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
          return opened.pool.query(text, values);
        },
      },
      { schema: 'app_attest', timeout: PATIENCE },
    );
    const now = new Date();
    expect(await keys.list('user 7', { limit: 100 })).toHaveLength(4);
    expect(await keys.list('everyone', { limit: 100, after: 'Z' })).toHaveLength(100);
    expect(await keys.due(now, 5, new Date(now.getTime() + 300_000))).toHaveLength(5);
    expect(await keys.due(new Date(now.getTime() + 60 * 86_400_000), 1000, now)).toHaveLength(1000);
    for (const plan of plans) expect(plan).not.toContain('Seq Scan');
    const [few, many, due, manyDue] = plans;
    expect(few).toContain('app_attest_keys_subject');
    // A later page of a user with 10 000 keys costs no more than the first page.
    expect(many).toContain('Index Scan using app_attest_keys_subject');
    expect(many).not.toContain('Sort');
    for (const plan of [due, manyDue]) {
      expect(plan).toContain('Index Scan using app_attest_keys_receipt_due_at');
      // Only the claimed keys are sorted.
      expect(plan?.match(/Sort Key/g)).toHaveLength(1);
    }
    await opened.pool.end();
  });

  it('stores more than 90 % of the uses of keys without a write to an index (HOT updates)', async () => {
    const opened = await openEmpty();
    const { keys } = opened.stores;
    const used = Array.from({ length: 50 }, () => newKey({ subject: 'user', receiptDueAt: new Date() }));
    for (const key of used) await keys.insert(key);
    const usedAt = Date.now();
    for (let counter = 1; counter <= 20; counter += 1) {
      const use = { usedAt: new Date(usedAt + counter * 3_600_000), extensions: { bundleVersion: '1' } };
      await Promise.all(used.map(({ keyId }) => keys.advance(keyId, counter, 64, use)));
    }
    await opened.pool.end();
    const [, database] = /\/(d[0-9a-f]+)$/.exec(opened.pool.options.connectionString ?? '') ?? [];
    const reader = new Client({ connectionString: inject('addresses').postgres.replace(/postgres$/, database ?? '') });
    await reader.connect();
    const statistics = async () =>
      (
        await reader.query(`SELECT n_tup_upd::int AS updated, n_tup_hot_upd::int AS hot FROM pg_stat_user_tables
        WHERE relname = 'app_attest_keys'`)
      ).rows[0];
    await expect.poll(async () => (await statistics()).updated, { timeout: 10_000 }).toBe(1000);
    const { hot } = await statistics();
    // If a page of the table has no space left, PostgreSQL stores the new version of a row in another page and writes the
    // indexes.
    expect(hot).toBeGreaterThan(900);
    await reader.end();
  });

  it('lets only one of 200 concurrent calls claim each due receipt, while requests use the keys', async () => {
    const opened = await openEmpty();
    const others = [1, 2, 3].map(() => new Pool({ connectionString: opened.pool.options.connectionString }));
    const servers = [opened.pool, ...others].map(
      (one) => postgresStores(one, { schema: 'app_attest', timeout: PATIENCE }).keys,
    );
    const at = (index: number) => servers[index % servers.length] ?? opened.stores.keys;
    const now = new Date();
    const before = (seconds: number) => new Date(now.getTime() - seconds * 1000);
    const due = Array.from({ length: 600 }, (_, index) =>
      newKey({ receiptDueAt: before(index), receipt: Uint8Array.of(1) }),
    );
    await Promise.all(due.map((key, index) => at(index).insert(key)));
    const claim = (_: unknown, index: number) => at(index).due(now, 5, new Date(now.getTime() + 300_000));
    const use = (key: (typeof due)[number], index: number) => at(index).advance(key.keyId, 1, 64, { usedAt: now });
    const [claims, uses] = await Promise.all([
      Promise.all(Array.from({ length: 200 }, claim)),
      Promise.all(due.slice(0, 200).map(use)),
    ]);
    const positions = new Map(due.map(({ keyId }, index) => [keyId, index]));
    for (const claimed of claims) {
      const order = claimed.map((keyId) => positions.get(keyId) ?? -1);
      expect(order).toEqual(order.toSorted((a, b) => b - a));
    }
    const all = claims.flat();
    // A call skips the keys that another statement is updating. The following calls claim these keys.
    for (let page = await claim(0, 0); page.length > 0; page = await claim(0, 0)) all.push(...page);
    expect(new Set(all).size).toBe(all.length);
    expect(all.length).toBe(600);
    expect(uses.every(Boolean)).toBe(true);
    await Promise.all([opened.pool, ...others].map((one) => one.end()));
  });

  it('lets another process claim a receipt when the claim of a killed process has ended', async () => {
    const opened = await openEmpty();
    const { keys } = opened.stores;
    const date = Date.now();
    const claimedUntil = date + 300_000;
    const key = newKey({ receiptDueAt: new Date(date) });
    await keys.insert(key);
    const claim: Claim = { url: opened.pool.options.connectionString ?? '', date, limit: 5, claimedUntil };
    const script = fileURLToPath(new URL('build/claim.js', import.meta.url));
    const child = new Child(process.execPath, [script, JSON.stringify(claim)]);
    await child.until(async () => expect(child.output).toContain(key.keyId));
    await child.end('SIGKILL');
    expect(await keys.due(new Date(claimedUntil - 1), 5, new Date(claimedUntil))).toEqual([]);
    expect(await keys.due(new Date(claimedUntil), 5, new Date(claimedUntil + 1))).toEqual([key.keyId]);
    expect(await keys.receipt(key.keyId)).toEqual(key.receipt);
    await opened.pool.end();
  });

  it('keeps claims and receipts when it is killed', async () => {
    const server = await PostgresServer.start();
    const opened = openPostgres(server.url, PATIENCE);
    const { keys } = opened.stores;
    const date = new Date();
    const claimedUntil = new Date(date.getTime() + 300_000);
    const [saved, claimed] = [newKey({ receiptDueAt: date }), newKey({ receiptDueAt: date })];
    for (const key of [saved, claimed]) await keys.insert(key);
    expect((await keys.due(date, 5, claimedUntil)).toSorted()).toEqual([saved.keyId, claimed.keyId].toSorted());
    await keys.saveReceipt(saved.keyId, { receipt: Uint8Array.of(2), riskMetric: 5, receiptDueAt: claimedUntil });
    await server.restart('SIGKILL');
    expect(await keys.due(date, 5, claimedUntil)).toEqual([]);
    expect(await keys.receipt(saved.keyId)).toEqual(Uint8Array.of(2));
    expect(await keys.receipt(claimed.keyId)).toEqual(claimed.receipt);
    expect((await keys.due(claimedUntil, 5, new Date(claimedUntil.getTime() + 1))).toSorted()).toEqual(
      [saved.keyId, claimed.keyId].toSorted(),
    );
    await opened.pool.end();
    await server.stop();
  });

  it('deletes each challenge once if several servers delete challenges at the same time', async () => {
    const opened = await openEmpty();
    const { challenges } = opened.stores;
    await Promise.all(Array.from({ length: 500 }, () => challenges.put(newChallenge(), record())));
    await opened.pool.query("UPDATE app_attest.app_attest_challenges SET ends_at = now() - interval '2 minutes'");
    let removed = 0;
    for (let round = 0; round < 20; round += 1) {
      const batches = await Promise.all([1, 2, 3, 4].map(() => challenges.removeExpired(50)));
      for (const batch of batches) expect(batch).toBeLessThanOrEqual(50);
      removed += batches.reduce((sum, batch) => sum + batch, 0);
    }
    expect(removed).toBe(500);
    await opened.pool.end();
  });

  it('with serializable transactions accepts a counter in exactly one of 50 concurrent calls', async () => {
    const options = '-c default_transaction_isolation=serializable';
    const strict = new Pool({ connectionString: inject('addresses').postgres, options });
    const { keys } = postgresStores(strict, { schema: 'app_attest', timeout: PATIENCE });
    const key = newKey();
    await keys.insert(key);
    const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => keys.advance(key.keyId, 1, 64)));
    const answers = outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : outcome.reason.code));
    expect(answers.filter((answer) => answer === true).length).toBe(1);
    expect(answers.every((answer) => [true, false, '40001'].includes(answer))).toBe(true);
    await strict.end();
  });
});

describe('challenges in Redis and keys in PostgreSQL', () => {
  let both: Awaited<ReturnType<typeof openBoth>>;
  beforeAll(async () => {
    both = await openBoth(inject('addresses').redis, inject('addresses').postgres, PATIENCE);
  });
  afterAll(async () => {
    both.client.destroy();
    await both.pool.end();
  });

  for (const { name, run } of storeConformance(() => both.stores)) it(name, run);
});
