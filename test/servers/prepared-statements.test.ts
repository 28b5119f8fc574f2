import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { storeConformance } from '../../src/conformance/index.js';
import { newKey } from '../../src/conformance/new-key.js';
import { migrate, postgresStores, prepared } from '../../src/stores/postgres/index.js';
import { expectCode } from '../support/rejection.js';

const pool = new pg.Pool({ connectionString: inject('addresses').postgres });
const schemas = ['one', 'two'].map((name) => `prepared_${name}_${randomUUID().replaceAll('-', '')}`);
const [schema = '', other = ''] = schemas;

beforeAll(async () => {
  for (const name of schemas) await migrate(pool, { schema: name });
});
afterAll(() => pool.end());

/** Calls a function with one connection, on which no statement is prepared yet. */
async function withConnection(use: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: inject('addresses').postgres });
  await client.connect();
  try {
    await use(client);
  } finally {
    await client.end();
  }
}

async function preparedOn(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query('SELECT name FROM pg_prepared_statements ORDER BY name');
  return rows.map(({ name }) => String(name));
}

describe('PostgreSQL without prepared()', () => {
  const stores = postgresStores(pool, { schema });

  it('has no named prepared statement on a connection of the stores', () =>
    withConnection(async (client) => {
      const { keys } = postgresStores(client, { schema });
      const key = newKey();
      await keys.insert(key);
      expect((await keys.find(key.keyId))?.keyId).toBe(key.keyId);
      expect(await preparedOn(client)).toEqual([]);
    }));

  for (const { name, run } of storeConformance(() => stores)) it(name, run);
});

describe('PostgreSQL with prepared()', () => {
  it.each([undefined, null, {}, 'postgres://localhost'])('rejects %j instead of a pool', async (pool) => {
    await expectCode(() => Reflect.apply(prepared, undefined, [pool]), 'invalid_argument');
  });

  it('prepares each statement once for each connection, under a name of at most 63 bytes', () =>
    withConnection(async (client) => {
      const { keys } = postgresStores(prepared(client), { schema });
      const key = newKey();
      await keys.insert(key);
      for (const counter of [1, 2, 3]) {
        expect(await keys.advance(key.keyId, counter, 0)).toBe(true);
        expect((await keys.find(key.keyId))?.counter).toBe(counter);
      }
      const names = await preparedOn(client);
      expect(names).toHaveLength(3);
      for (const name of names) expect(name).toMatch(/^app-attest [\w-]{43}$/);
    }));

  it('has different statements for two schemas on one connection', () =>
    withConnection(async (client) => {
      const [first, second] = [schema, other].map((name) => postgresStores(prepared(client), { schema: name }).keys);
      const key = newKey();
      expect(await first?.insert(key)).toBe(true);
      expect(await second?.find(key.keyId)).toBe(undefined);
      expect((await first?.find(key.keyId))?.keyId).toBe(key.keyId);
    }));
});
