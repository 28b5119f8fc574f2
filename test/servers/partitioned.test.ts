import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { migratePostgres, openPostgres } from '../../examples/postgres.js';
import { storeConformance } from '../../src/conformance/index.js';
import { newKey } from '../../src/conformance/new-key.js';
import { PATIENCE } from './support/store-kinds.js';

/** Returns the statements for partitions in docs/scaling.md. */
function statements(): string {
  const [, sql] = /```sql\n([^`]*PARTITION BY HASH[^`]*)```/.exec(readFileSync('docs/scaling.md', 'utf8')) ?? [];
  if (sql === undefined) throw new Error('docs/scaling.md has no statements for a partitioned table');
  return sql;
}

describe('a PostgreSQL database with a partitioned table of keys', () => {
  const admin = new pg.Pool({ connectionString: inject('addresses').postgres });
  const database = `d${randomUUID().replaceAll('-', '')}`;
  const url = inject('addresses').postgres.replace(/postgres$/, database);
  const { pool, stores } = openPostgres(url, PATIENCE);
  const old = newKey();

  beforeAll(async () => {
    await admin.query(`CREATE DATABASE ${database}`);
    await migratePostgres(url);
    await stores.keys.insert(old);
    await pool.query(statements());
  });
  afterAll(async () => {
    await pool.end();
    await admin.end();
  });

  it('has the keys that were stored before the partitioning', async () => {
    expect((await stores.keys.find(old.keyId))?.publicKey).toBe(old.publicKey);
    expect(await stores.keys.receipt(old.keyId)).toEqual(old.receipt);
  });

  it('is not changed by migrate', async () => {
    await migratePostgres(url);
    const kinds = await pool.query("SELECT relkind FROM pg_class WHERE oid = 'app_attest.app_attest_keys'::regclass");
    expect(kinds.rows).toEqual([{ relkind: 'p' }]);
  });

  it('reads one of 16 partitions for one key', async () => {
    const { rows } = await pool.query('EXPLAIN SELECT counter FROM app_attest.app_attest_keys WHERE key_id = $1', [
      'A',
    ]);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan.match(/app_attest_keys_\d+/g)?.filter((name, index, all) => all.indexOf(name) === index)).toHaveLength(
      1,
    );
    const counted = await pool.query(
      "SELECT 1 FROM pg_inherits WHERE inhparent = 'app_attest.app_attest_keys'::regclass",
    );
    expect(counted.rows).toHaveLength(16);
  });

  for (const { name, run } of storeConformance(() => stores)) it(name, run);
});
