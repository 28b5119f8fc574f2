import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'pg';
import PgBoss from 'pg-boss';
import { createClient } from 'redis';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { refreshWithBullMq } from '../../examples/fraud-risk/bullmq.js';
import { refreshWithPgBoss } from '../../examples/fraud-risk/pg-boss.js';
import type { Stores } from '../../src/server/index.js';
import { migrate, postgresStores } from '../../src/stores/postgres/index.js';
import { redisStores } from '../../src/stores/redis/index.js';
import { type DueReceipts, dueReceipts } from '../support/due-receipts.js';

const KEYS = 25;
/** The time limit of the stores, in seconds. It is high, because the machine may be slow. */
const timeout = 30;

let due: DueReceipts;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'app-attest-queues-'));
  chmodSync(folder, 0o777);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

afterEach(async () => {
  for (const keyId of due.keyIds) await due.backend.forget(keyId);
  await due.close();
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

async function expectRefreshed(count: number): Promise<void> {
  const metrics = async () => {
    const keys = await Promise.all(due.keyIds.map((_, index) => due.key(index)));
    return keys.filter(({ riskMetric }) => riskMetric === 1).length;
  };
  await expect.poll(metrics, { timeout: 40_000, interval: 100 }).toBe(count);
  expect(due.endpoint.requests.filter(({ status }) => status === 200).length).toBe(count);
}

describe('the refresh job in BullMQ, on Redis,', () => {
  let redis: ChildProcess;
  let connection: { host: string; port: number };
  beforeAll(async () => {
    connection = { host: '127.0.0.1', port: await freePort() };
    const port = String(connection.port);
    redis = spawn('redis-server', ['--port', port, '--bind', connection.host, '--save', '', '--dir', folder]);
    await new Promise<void>((resolve, reject) => {
      redis.once('error', reject);
      redis.stdout?.on('data', (line: Buffer) => line.includes('Ready to accept') && resolve());
    });
  });
  let client: ReturnType<typeof createClient>;
  let stores: Stores;
  beforeAll(async () => {
    client = createClient({ socket: connection });
    await client.connect();
    stores = redisStores(client, { timeout });
  });
  afterAll(() => {
    client.destroy();
    redis.kill();
  });

  it('requests one risk metric for each due key, and is scheduled every five minutes', async () => {
    due = await dueReceipts(KEYS, { stores });
    const { queue, worker } = await refreshWithBullMq(connection, due.backend, due.options);
    try {
      await expectRefreshed(KEYS);
      expect(await queue.getJobSchedulers()).toMatchObject([{ key: 'refresh', every: 300_000 }]);
      await vi.waitFor(async () => {
        const [job] = await queue.getCompleted();
        expect(job?.returnvalue).toEqual({ due: KEYS, refreshed: KEYS, notModified: 0, failed: 0 });
      });
    } finally {
      await worker.close();
      await queue.obliterate({ force: true });
      await queue.close();
    }
  });
});

describe('the refresh job in pg-boss, on PostgreSQL,', () => {
  let stop: () => void;
  let connectionString: string;
  beforeAll(async () => {
    const [version] = readdirSync('/usr/lib/postgresql').toSorted((a, b) => Number(b) - Number(a));
    const bin = `/usr/lib/postgresql/${version}/bin`;
    const data = join(folder, 'postgres');
    const port = await freePort();
    // PostgreSQL does not run as root.
    const as = userInfo().uid === 0 ? ['runuser', '-u', 'postgres', '--'] : [];
    const run = (...command: string[]): void => {
      const [file = '', ...args] = [...as, ...command];
      execFileSync(file, args, { cwd: folder, stdio: 'ignore' });
    };
    const serverOptions = `-p ${port} -h 127.0.0.1 -k ${folder}`;
    run(`${bin}/initdb`, '-D', data, '-U', 'postgres', '--auth', 'trust');
    run(`${bin}/pg_ctl`, '-D', data, '-w', '-o', serverOptions, '-l', join(folder, 'log'), 'start');
    stop = () => run(`${bin}/pg_ctl`, '-D', data, '-m', 'immediate', 'stop');
    connectionString = `postgres://postgres@127.0.0.1:${port}/postgres`;
  });
  let pool: Pool;
  let stores: Stores;
  beforeAll(async () => {
    pool = new Pool({ connectionString });
    await migrate(pool, { schema: 'app_attest' });
    stores = postgresStores(pool, { schema: 'app_attest', timeout });
  });
  afterAll(async () => {
    await pool.end();
    stop();
  });

  /** Starts one refresh job immediately, and calls `run`. The scheduler of pg-boss is off, so no other job starts meanwhile. */
  async function withPgBoss(schema: string, run: (boss: PgBoss) => Promise<void>): Promise<void> {
    const boss = new PgBoss({ connectionString, schema, schedule: false });
    boss.on('error', () => undefined);
    await boss.start();
    try {
      await refreshWithPgBoss(boss, due.backend, due.options);
      await boss.send('refresh-receipts', {});
      await run(boss);
    } finally {
      await boss.stop({ graceful: false });
    }
  }

  it('requests one risk metric for each due key, and is scheduled every five minutes', async () => {
    due = await dueReceipts(KEYS, { stores });
    await withPgBoss('calm', async (boss) => {
      await expectRefreshed(KEYS);
      expect(await boss.getSchedules()).toMatchObject([{ name: 'refresh-receipts', cron: '*/5 * * * *' }]);
    });
  });

  it('waits if Apple requests a delay, and leaves the key of the rejected request for a later job', async () => {
    due = await dueReceipts(KEYS, { stores });
    due.endpoint.answerNext({ status: 429, retryAfter: 1 });
    await withPgBoss('busy', () => expectRefreshed(KEYS - 1));
  });
});
