import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '../../src/stores/postgres/index.js';
import { PostgresServer } from '../servers/support/postgres-server.js';
import { itProtects } from './support/it-protects.js';
import { type PrefixProxy, startPrefixProxy } from './support/prefix-proxy.js';
import { type RunningProject, startProject } from './support/start-project.js';

const folder = fileURLToPath(new URL('../../examples/projects/supabase/supabase/migrations/', import.meta.url));

/** The roles of a Supabase project, and the privileges that they have by default. */
const ROLES = `
CREATE ROLE anon NOLOGIN;
CREATE ROLE authenticated NOLOGIN;
CREATE ROLE service_role NOLOGIN BYPASSRLS;
CREATE ROLE developer LOGIN CREATEROLE BYPASSRLS;
GRANT anon, authenticated, service_role TO developer;
GRANT CREATE ON DATABASE supabase TO developer;
ALTER DEFAULT PRIVILEGES FOR ROLE developer GRANT ALL ON TABLES TO anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE developer GRANT USAGE ON SCHEMAS TO anon, authenticated, service_role;`;

/** All columns and indexes of the tables. */
const COLUMNS = `
SELECT table_name AS name, column_name AS part, data_type AS definition FROM information_schema.columns
WHERE table_schema = 'app_attest'
UNION SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'app_attest' ORDER BY 1, 2, 3`;

let server: PostgresServer;
let database: pg.Client;
let project: RunningProject;
let gateway: PrefixProxy;

const addressFor = (role: string): string => `postgres://${role}@127.0.0.1:${server.port}/supabase`;

beforeAll(async () => {
  server = await PostgresServer.start();
  await server.query('CREATE DATABASE supabase');
  const administrator = new pg.Client({ connectionString: addressFor('postgres') });
  await administrator.connect();
  await administrator.query(ROLES);
  await administrator.end();

  database = new pg.Client({ connectionString: addressFor('developer') });
  await database.connect();
  for (const name of (await readdir(folder)).toSorted()) await database.query(await readFile(folder + name, 'utf8'));

  project = await startProject('supabase', {
    // Supabase downloads the packages. Here, npm has installed them, because this package is not in the registry yet.
    build: [['npm', 'run', 'build']],
    start: ['npm', 'start'],
    env: { SUPABASE_DB_URL: addressFor('developer') },
  });
  gateway = await startPrefixProxy(project.url, '/functions/v1');
});
afterAll(async () => {
  await gateway?.stop();
  await project?.stop();
  await database?.end();
  await server?.stop();
});

const behindGateway = (): RunningProject => ({
  url: gateway.url,
  folder: project.folder,
  get output() {
    return project.output;
  },
  restart: () => project.restart(),
  stop: () => project.stop(),
});

describe('the function', () => {
  itProtects(behindGateway, { prefix: '/functions/v1/api' });
});

describe('the migrations', () => {
  it('create the tables as migrate does', async () => {
    const tables = async (client: { query: (sql: string) => Promise<{ rows: unknown[] }> }) => {
      return (await client.query(COLUMNS)).rows;
    };
    const migrated = new pg.Client({ connectionString: server.url });
    await migrated.connect();
    const expected = await tables(migrated);
    expect(expected.length).toBeGreaterThan(20);
    expect(await tables(database)).toEqual(expected);
    await migrated.end();
    await migrate(database, { schema: 'app_attest' });
  });

  it('contain the statement of docs/stores.md that locks the tables', async () => {
    const statement = new URL('../../examples/supabase/lock-tables.sql', import.meta.url);
    const migration = await readFile(`${folder}20261101000001_lock_app_attest.sql`, 'utf8');
    expect(migration).toBe(await readFile(statement, 'utf8'));
  });

  it.each(['anon', 'authenticated', 'service_role'])('lock the role %s out of the tables', async (role) => {
    await database.query(`SET ROLE ${role}`);
    try {
      for (const table of ['app_attest_challenges', 'app_attest_keys', 'app_attest_migrations']) {
        const read = database.query(`SELECT * FROM app_attest.${table}`);
        await expect(read, table).rejects.toThrow('permission denied for schema app_attest');
      }
    } finally {
      await database.query('RESET ROLE');
    }
  });
});
