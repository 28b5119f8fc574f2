import { readFile } from 'node:fs/promises';
import { Client, Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storeConformance } from '../../src/conformance/index.js';
import { newKey } from '../../src/conformance/new-key.js';
import { migrate, type PostgresStores, postgresStores } from '../../src/stores/postgres/index.js';
import { PostgresServer } from '../servers/support/postgres-server.js';

const schema = 'app_attest';
const TABLES = ['app_attest_challenges', 'app_attest_keys', 'app_attest_migrations'];
const API_ROLES = ['anon', 'authenticated', 'service_role'];

/** The roles of Supabase. `postgres` has another name here, because the role `postgres` of the tests is a superuser. */
const ROLES = `
  CREATE ROLE anon NOLOGIN NOINHERIT;
  CREATE ROLE authenticated NOLOGIN NOINHERIT;
  CREATE ROLE service_role NOLOGIN NOINHERIT BYPASSRLS;
  CREATE ROLE authenticator LOGIN NOINHERIT;
  GRANT anon, authenticated, service_role TO authenticator;
  CREATE ROLE supabase_postgres LOGIN CREATEROLE CREATEDB BYPASSRLS;
`;

/** The statements that the documentation of Supabase gives for a schema that the API exposes. */
const EXPOSE = `
  GRANT USAGE ON SCHEMA app_attest TO anon, authenticated, service_role;
  GRANT ALL ON ALL TABLES IN SCHEMA app_attest TO anon, authenticated, service_role;
  GRANT ALL ON ALL ROUTINES IN SCHEMA app_attest TO anon, authenticated, service_role;
  ALTER DEFAULT PRIVILEGES IN SCHEMA app_attest GRANT ALL ON TABLES TO anon, authenticated, service_role;
  ALTER DEFAULT PRIVILEGES IN SCHEMA app_attest GRANT ALL ON ROUTINES TO anon, authenticated, service_role;
`;

/** A function that returns all keys with the privileges of its owner. */
const CREATE_FUNCTION = `
  CREATE FUNCTION app_attest.all_keys() RETURNS SETOF app_attest.app_attest_keys
  LANGUAGE sql SECURITY DEFINER AS 'SELECT * FROM app_attest.app_attest_keys'`;

let server: PostgresServer;
let lock: string;
beforeAll(async () => {
  server = await PostgresServer.start();
  await server.query(ROLES);
  lock = await readFile(new URL('../../examples/supabase/lock-tables.sql', import.meta.url), 'utf8');
});
afterAll(() => server.stop());

async function connect(role: string, database: string): Promise<Client> {
  const client = new Client({ connectionString: `postgres://${role}@127.0.0.1:${server.port}/${database}` });
  await client.connect();
  return client;
}

/** Creates a database whose tables the API exposes. Returns a connection of the owner. */
async function exposedDatabase(database: string): Promise<Client> {
  await server.query(`CREATE DATABASE ${database} OWNER supabase_postgres`);
  const owner = await connect('supabase_postgres', database);
  await migrate(owner, { schema });
  await owner.query(EXPOSE);
  await postgresStores(owner, { schema }).keys.insert(newKey());
  return owner;
}

/** Statements that read and change each table. */
const STATEMENTS = [
  ...TABLES.flatMap((table) => [`SELECT * FROM app_attest.${table}`, `DELETE FROM app_attest.${table}`]),
  'UPDATE app_attest.app_attest_challenges SET used_at = NULL',
  'UPDATE app_attest.app_attest_keys SET counter = 0',
  'UPDATE app_attest.app_attest_migrations SET version = version + 100',
];
const INSERTS = [
  "INSERT INTO app_attest.app_attest_challenges (challenge, purpose, expires_at, ends_at) VALUES ('c', 'assertion', now(), now())",
  `INSERT INTO app_attest.app_attest_keys (key_id, public_key, counter, seen, app_id, environment, device, created_at)
   VALUES ('k', 'p', 0, 0::bit(64), 'a', 'production', '{}', now())`,
  'INSERT INTO app_attest.app_attest_migrations (version) VALUES (100)',
];
const CALL = 'SELECT * FROM app_attest.all_keys()';

/** Runs each statement as a role of the API. Returns the error codes and the numbers of rows, each value once. */
async function outcomes(database: string, role: string, statements: readonly string[]): Promise<unknown[]> {
  const api = await connect('authenticator', database);
  const results = new Set<unknown>();
  for (const statement of statements) {
    await api.query(`BEGIN; SET LOCAL ROLE ${role}`);
    const run = api.query(statement);
    results.add(
      await run.then(
        ({ rowCount }) => rowCount,
        ({ code }: { code: string }) => code,
      ),
    );
    await api.query('ROLLBACK');
  }
  await api.end();
  return [...results];
}

const PERMISSION_DENIED = '42501';

describe('lock-tables.sql', () => {
  let owner: Client;
  beforeAll(async () => {
    owner = await exposedDatabase('locked');
    await owner.query(CREATE_FUNCTION);
    // Otherwise, the tests would pass without the lock.
    for (const role of API_ROLES) {
      expect(await outcomes('locked', role, [...STATEMENTS, ...INSERTS, CALL])).not.toContain(PERMISSION_DENIED);
    }
    await owner.query(lock);
    await owner.query(lock);
  });
  afterAll(() => owner.end());

  describe.each(API_ROLES)('denies the role %s', (role) => {
    it('all statements on the tables, and all calls of functions', async () => {
      expect(await outcomes('locked', role, [...STATEMENTS, ...INSERTS, CALL])).toEqual([PERMISSION_DENIED]);
    });

    it('all privileges on the schema, and on its tables, columns and functions', async () => {
      const { rows } = await owner.query(
        `SELECT has_schema_privilege($1, 'app_attest', 'USAGE, CREATE') AS schema,
           bool_or(has_table_privilege($1, c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')) AS tables,
           bool_or(has_any_column_privilege($1, c.oid, 'SELECT, INSERT, UPDATE, REFERENCES')) AS columns,
           has_function_privilege($1, 'app_attest.all_keys()', 'EXECUTE') AS functions
         FROM pg_class c WHERE relnamespace = 'app_attest'::regnamespace AND relkind = 'r'`,
        [role],
      );
      expect(rows).toEqual([{ schema: false, tables: false, columns: false, functions: false }]);
    });
  });

  it('also locks tables and functions that a later migration creates', async () => {
    await owner.query('CREATE TABLE app_attest.later (); CREATE FUNCTION app_attest.later() RETURNS int RETURN 1');
    for (const role of API_ROLES) {
      const statements = ['SELECT * FROM app_attest.later', 'SELECT app_attest.later()'];
      expect(await outcomes('locked', role, statements)).toEqual([PERMISSION_DENIED]);
      const { rows } = await owner.query("SELECT has_table_privilege($1, 'app_attest.later', 'SELECT') AS read", [
        role,
      ]);
      expect(rows).toEqual([{ read: false }]);
    }
    await owner.query('DROP TABLE app_attest.later; DROP FUNCTION app_attest.later()');
  });
});

describe('row level security', () => {
  it.each(['anon', 'authenticated'])(
    'hides all rows from the role %s if the role gets privileges again',
    async (role) => {
      const owner = await exposedDatabase(`exposed_${role}`);
      await owner.query(lock);
      await owner.query(EXPOSE);
      expect(await outcomes(`exposed_${role}`, role, STATEMENTS)).toEqual([0]);
      expect(await outcomes(`exposed_${role}`, role, INSERTS)).toEqual([PERMISSION_DENIED]);
      await owner.end();
    },
  );
});

describe('the role app_attest_server', () => {
  let owner: Client;
  let pool: Pool;
  let stores: PostgresStores;
  beforeAll(async () => {
    owner = await exposedDatabase('served');
    await owner.query(lock);
    pool = new Pool({ connectionString: `postgres://app_attest_server@127.0.0.1:${server.port}/served` });
    stores = postgresStores(pool, { schema, timeout: 30 });
  });
  afterAll(() => Promise.all([owner.end(), pool.end()]));

  for (const { name, run } of storeConformance(() => stores)) it(name, run);

  it('can call migrate when no migration is missing', async () => {
    await migrate(pool, { schema });
  });

  it('cannot change the tables or the versions of their migrations', async () => {
    const statements = ['DROP TABLE app_attest.app_attest_keys', 'CREATE TABLE app_attest.other ()'];
    for (const statement of [...statements, 'DELETE FROM app_attest.app_attest_migrations']) {
      await expect(pool.query(statement)).rejects.toMatchObject({ code: PERMISSION_DENIED });
    }
  });
});

it('lock-tables.sql fails and changes nothing if a privilege remains that another role granted', async () => {
  const owner = await exposedDatabase('granted');
  await server.query('CREATE ROLE colleague LOGIN');
  await owner.query('GRANT USAGE ON SCHEMA app_attest TO colleague WITH GRANT OPTION');
  const colleague = await connect('colleague', 'granted');
  await colleague.query('GRANT USAGE ON SCHEMA app_attest TO anon');
  await expect(owner.query(lock)).rejects.toThrow('that another role granted');
  const { rows } = await owner.query("SELECT relrowsecurity FROM pg_class WHERE relname = 'app_attest_keys'");
  expect(rows).toEqual([{ relrowsecurity: false }]);
  await Promise.all([owner.end(), colleague.end()]);
});
