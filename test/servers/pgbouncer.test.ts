import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { storeConformance } from '../../src/conformance/index.js';
import { migrate, migrations } from '../../src/stores/postgres/index.js';
import { Client, startWorkers, tally } from './support/device-requests.js';
import { PgBouncer } from './support/pgbouncer.js';
import { type OpenedStores, openStores, PATIENCE, type StoreKind } from './support/store-kinds.js';
import type { WorkerProcess } from './support/worker-process.js';

const COPIES = 200;

describe.each(['transaction', 'statement'] as const)('through PgBouncer in the mode %s,', (mode) => {
  let bouncer: PgBouncer;
  beforeAll(async () => {
    bouncer = await PgBouncer.start(inject('addresses').postgres, mode);
  });
  afterAll(() => bouncer.stop());

  const addresses = () => ({ ...inject('addresses'), postgres: bouncer.url });

  describe('stores without prepared()', () => {
    let servers: OpenedStores[];
    let turn = 0;
    beforeAll(async () => {
      const open = () => openStores('postgres without prepared', addresses(), PATIENCE);
      servers = await Promise.all([open(), open()]);
    });
    afterAll(() => Promise.all(servers.map(({ close }) => close())));

    const nextServer = () => {
      turn += 1;
      const server = servers[turn % servers.length];
      if (!server) throw new Error('the list of servers is empty');
      return server.stores;
    };
    for (const { name, run } of storeConformance(nextServer)) it(name, run);
  });

  it('migrate creates the tables, also on 20 connections at the same time', async () => {
    const schema = `bouncer_${randomUUID().replaceAll('-', '')}`;
    const pools = Array.from({ length: 20 }, () => new pg.Pool({ connectionString: bouncer.url }));
    await Promise.all(pools.map((pool) => migrate(pool, { schema })));
    await Promise.all(pools.map((pool) => pool.end()));
    const rows = await bouncer.query(`SELECT version FROM ${schema}.app_attest_migrations ORDER BY version`);
    expect(rows).toEqual(migrations.map(({ version }) => ({ version })));
  });

  describe('four processes', () => {
    const started: WorkerProcess[] = [];
    afterAll(() => Promise.all(started.map((worker) => worker.kill())));

    async function start(kind: StoreKind): Promise<WorkerProcess[]> {
      const workers = await startWorkers(kind, addresses(), { counterWindow: 64, timeout: PATIENCE });
      started.push(...workers);
      return workers;
    }

    /** Makes the same call 200 times, and counts the outcomes. */
    async function copies(workers: readonly WorkerProcess[], method: 'register' | 'authenticate', body: unknown) {
      const calls = Array.from({ length: COPIES / workers.length }, () =>
        workers.map((worker) => worker.call(method, body)),
      );
      return tally(await Promise.all(calls.flat()));
    }

    it('accept one of 200 copies of a registration, and one of 200 copies of a request, without prepared()', async () => {
      const workers = await start('postgres without prepared');
      const [worker] = workers;
      if (!worker) throw new Error('the worker processes are not started');
      const client = await Client.create();
      const once = { accepted: 1, challenge_used: COPIES - 1 };
      expect(await copies(workers, 'register', await client.registration(worker))).toEqual(once);
      expect(await copies(workers, 'authenticate', await client.request(worker))).toEqual(once);
      expect(await worker.call('key', client.keyId)).toMatchObject({ result: 1 });
    });

    // PgBouncer 1.18 does not know prepared statements, so a connection to PostgreSQL may lack a statement or already have it.
    it('accept at most one of 200 copies of a request with prepared(), although statements fail', async () => {
      const [worker] = await start('postgres without prepared');
      if (!worker) throw new Error('the worker processes are not started');
      const client = await Client.create();
      const registration = await client.registration(worker);
      expect(await worker.call('register', registration)).toMatchObject({ result: 0 });
      const request = await client.request(worker);
      const {
        accepted = 0,
        challenge_used = 0,
        ...failures
      } = await copies(await start('postgres'), 'authenticate', request);
      expect(accepted).toBeLessThanOrEqual(1);
      expect(accepted + challenge_used).toBeLessThan(COPIES);
      for (const failure of Object.keys(failures))
        expect(failure).toMatch(/prepared statement ".*" (does not exist|already exists)/);
      expect(await worker.call('key', client.keyId)).toMatchObject({ result: accepted });
    });
  });
});
