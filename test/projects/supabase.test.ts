import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrations } from '../../src/stores/postgres/index.js';
import { PostgresServer } from '../servers/support/postgres-server.js';
import { itProtects } from './support/it-protects.js';
import { type PrefixProxy, startPrefixProxy } from './support/prefix-proxy.js';
import { type RunningProject, startProject } from './support/start-project.js';

const folder = fileURLToPath(new URL('../../examples/projects/supabase/supabase/migrations/', import.meta.url));

/** The roles of a Supabase project, and the privileges that they have by default. */
const ROLES = `
CREATE ROLE anon NOLOGIN;
CREATE ROLE authenticated NOLOGIN;
CREATE ROLE developer LOGIN CREATEROLE BYPASSRLS;
GRANT anon, authenticated TO developer;
GRANT CREATE ON DATABASE supabase TO developer;
ALTER DEFAULT PRIVILEGES FOR ROLE developer GRANT ALL ON TABLES TO anon, authenticated;
ALTER DEFAULT PRIVILEGES FOR ROLE developer GRANT USAGE ON SCHEMAS TO anon, authenticated;`;

const FUNCTION = 'supabase/functions/api/index.ts';
// Supabase downloads the packages. Here, npm has installed them, because this package is not in the registry yet.
const OPTIONS = ['--node-modules-dir=manual', '--config=supabase/functions/api/deno.json'];
const PERMISSIONS = '--allow-env --allow-net --allow-read --allow-sys --cached-only';

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
    build: [['deno', 'check', ...OPTIONS, FUNCTION]],
    start: [
      'sh',
      '-c',
      `DENO_SERVE_ADDRESS="tcp:127.0.0.1:$PORT" exec deno run ${PERMISSIONS} ${OPTIONS.join(' ')} ${FUNCTION}`,
    ],
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
  it('contain each migration of the package', async () => {
    const sql = await readFile(`${folder}20261101000000_app_attest.sql`, 'utf8');
    const expected = migrations.map((migration) => `${migration.sql};\n`).join('');
    expect(sql).toBe(`CREATE SCHEMA app_attest;\nSET search_path TO app_attest;\n${expected}RESET search_path;\n`);
  });

  it.each(['anon', 'authenticated'])('lock the role %s out of the tables', async (role) => {
    await database.query(`SET ROLE ${role}`);
    try {
      for (const table of ['app_attest_challenges', 'app_attest_keys']) {
        const read = database.query(`SELECT * FROM app_attest.${table}`);
        await expect(read, table).rejects.toThrow('permission denied for schema app_attest');
      }
    } finally {
      await database.query('RESET ROLE');
    }
  });

  it('hide all rows from a role that was granted all privileges by mistake', async () => {
    await database.query('GRANT USAGE ON SCHEMA app_attest TO anon');
    await database.query('GRANT ALL ON ALL TABLES IN SCHEMA app_attest TO anon');
    expect((await database.query('SELECT FROM app_attest.app_attest_keys')).rowCount).toBeGreaterThan(0);
    await database.query('SET ROLE anon');
    try {
      for (const table of ['app_attest_challenges', 'app_attest_keys']) {
        expect((await database.query(`SELECT FROM app_attest.${table}`)).rowCount, table).toBe(0);
        expect((await database.query(`DELETE FROM app_attest.${table}`)).rowCount, table).toBe(0);
      }
    } finally {
      await database.query('RESET ROLE');
    }
  });
});
