import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import PgBoss from 'pg-boss';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { refreshWithBullMq } from '../../examples/fraud-risk/bullmq.js';
import { refreshWithPgBoss } from '../../examples/fraud-risk/pg-boss.js';
import type { Apple } from '../../examples/fraud-risk/refresh-key.js';
import { createVirtualApple, type ReceiptEndpoint } from '../../src/testing/index.js';
import { attestKeys, KeysInMemory, reach } from '../support/stored-keys.js';

const KEYS = 25;
const apple = await createVirtualApple();

let keys: KeysInMemory;
let endpoint: ReceiptEndpoint;
let options: Apple;
let close: () => Promise<void>;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'app-attest-queues-'));
  chmodSync(folder, 0o777);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeEach(async () => {
  keys = new KeysInMemory();
  await attestKeys(apple, keys, KEYS);
  endpoint = apple.receiptEndpoint();
  ({ options, close } = await reach(apple, endpoint));
  return close;
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

const metrics = (): (number | undefined)[] => [...keys.rows.values()].map(({ riskMetric }) => riskMetric);

async function expectAllRefreshed(): Promise<void> {
  await vi.waitFor(() => expect(metrics()).toEqual(Array(KEYS).fill(1)), { timeout: 40_000, interval: 100 });
  expect(await keys.due(new Date(), KEYS)).toEqual([]);
  expect(endpoint.requests.filter(({ status }) => status === 200).length).toBe(KEYS);
}

describe('BullMQ on Redis', () => {
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
  afterAll(() => redis.kill());

  it('gets a risk metric for every due key, once each, and waits when Apple requests a delay', async () => {
    endpoint.answerNext({ status: 429, retryAfter: 1 });
    const { queue, worker } = await refreshWithBullMq(connection, keys, options);
    try {
      await expectAllRefreshed();
      expect(endpoint.requests.filter(({ status }) => status === 429).length).toBe(1);
    } finally {
      await worker.close();
      await queue.obliterate({ force: true });
      await queue.close();
    }
  });
});

describe('pg-boss on PostgreSQL', () => {
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
  afterAll(() => stop());

  /**
   * Processes the work of one minute, which starts immediately. The clock of pg-boss is stopped, so that the next minute does
   * not start in between.
   */
  async function withPgBoss(schema: string, run: (boss: PgBoss) => Promise<void>): Promise<void> {
    const boss = new PgBoss({ connectionString, schema, schedule: false });
    boss.on('error', () => undefined);
    await boss.start();
    try {
      await refreshWithPgBoss(boss, keys, options);
      await boss.send('look-for-due-keys', {});
      await run(boss);
    } finally {
      await boss.stop({ graceful: false });
    }
  }

  it('gets a risk metric for every due key, once each, and checks for due keys every minute', async () => {
    await withPgBoss('calm', async (boss) => {
      await expectAllRefreshed();
      expect(await boss.getSchedules()).toMatchObject([{ name: 'look-for-due-keys', cron: '* * * * *' }]);
    });
  });

  it('waits when Apple requests a delay, and leaves the rest of the batch for later', async () => {
    endpoint.answerNext({ status: 429, retryAfter: 2 });
    await withPgBoss('busy', async () => {
      await vi.waitFor(() => expect(metrics()).toContain(1), { timeout: 30_000, interval: 20 });
      // The first batch has twenty keys. The batch is repeated a minute later.
      expect(endpoint.requests[0]?.status).toBe(429);
      await vi.waitFor(() => expect(metrics().filter((metric) => metric === 1).length).toBe(KEYS - 20), {
        timeout: 30_000,
      });
      expect(endpoint.requests.length).toBe(1 + KEYS - 20);
    });
  });
});
