import { randomUUID } from 'node:crypto';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { migrate, openPostgres } from '../../examples/postgres.js';
import { openBoth } from '../../examples/redis-and-postgres.js';
import { storeConformance } from '../../src/conformance/index.js';
import { newKey } from '../../src/conformance/new-key.js';
import { newChallenge } from '../../src/server/challenge.js';
import { migrations, postgresStores } from '../../src/stores/postgres/index.js';
import { PATIENCE } from './support/store-kinds.js';

const record = () => {
  const issuedAt = new Date();
  return { purpose: 'assertion' as const, issuedAt, expiresAt: new Date(issuedAt.getTime() + 60_000) };
};

describe('a PostgreSQL', () => {
  let pool: Pool;
  beforeAll(() => {
    pool = new Pool({ connectionString: inject('addresses').postgres });
  });
  afterAll(() => pool.end());

  /** A database that no other test uses. */
  async function openEmpty() {
    const database = `d${randomUUID().replaceAll('-', '')}`;
    await pool.query(`CREATE DATABASE ${database}`);
    return openPostgres(inject('addresses').postgres.replace(/postgres$/, database), PATIENCE);
  }

  it('is migrated once, regardless of how many servers start at the same time', async () => {
    const opened = await openEmpty();
    await Promise.all([1, 2, 3, 4].map(() => migrate(opened.pool)));
    const { rows } = await opened.pool.query('SELECT version FROM app_attest.app_attest_migrations ORDER BY version');
    expect(rows).toEqual(migrations.map(({ version }) => ({ version })));
    expect(await opened.stores.keys.insert(newKey())).toBe(true);
    await opened.pool.end();
  });

  it('deletes challenges for many servers at the same time, each challenge once', async () => {
    const opened = await openEmpty();
    await migrate(opened.pool);
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

  it('with serializable transactions rejects conflicting requests, and accepts nothing twice', async () => {
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
