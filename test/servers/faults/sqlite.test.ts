import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Random } from '../../support/random.js';
import { run } from '../support/child.js';
import { startWorker, startWorkers } from '../support/device-requests.js';
import { Load } from '../support/load.js';
import type { SqliteClient } from '../support/open-sqlite.js';
import { SqliteFile } from '../support/sqlite-file.js';
import type { WorkerProcess } from '../support/worker-process.js';

const random = new Random();
const moment = () => setTimeout(random.between(50, 300));
const clients: readonly SqliteClient[] = ['better-sqlite3', 'libsql', 'node:sqlite'];

/** Seconds. The tests hold a lock for longer than this limit. */
const TIME_LIMIT = 1;

const options = { counterWindow: 64, timeout: TIME_LIMIT };
const addressesOf = ({ path }: SqliteFile) => ({ redis: '', cluster: [], postgres: '', sqlite: path });

/** Starts four processes on one file. */
async function fourProcesses(
  client: SqliteClient,
  folder?: string,
): Promise<{ file: SqliteFile; workers: WorkerProcess[] }> {
  const file = await SqliteFile.create(folder);
  const workers = await startWorkers(client, addressesOf(file), options);
  onTestFinished(async () => {
    await Promise.all(workers.map((worker) => worker.kill()));
    await file.remove();
  });
  return { file, workers };
}

describe.each(clients)(`four processes on one file, with %s (SEED=${random.seed})`, (client) => {
  it('accept no request twice and lose no key when processes are killed', async () => {
    const { file, workers } = await fourProcesses(client);
    const load = new Load(workers, random);
    await load.accepts(20);
    for (let kills = 0; kills < 4; kills += 1) {
      await moment();
      const victim = random.pick(workers);
      await victim.kill();
      workers.splice(workers.indexOf(victim), 1, await startWorker(client, addressesOf(file), options));
    }
    await load.accepts(20);
    await load.stop();
    expect(load.failures).toBeGreaterThan(0);
  });

  it('reject requests while another process holds the lock of the file, and accept each request once afterwards', async () => {
    const { file, workers } = await fourProcesses(client);
    const load = new Load(workers, random);
    await load.accepts(20);
    const bodies = await load.prepare(5);
    await file.locked(async () => {
      const calls = bodies.flatMap((body) => workers.map((worker) => worker.call('authenticate', body)));
      calls.push(...workers.map((worker) => worker.call('issueChallenge', 'assertion')));
      for (const outcome of await Promise.all(calls)) {
        expect(outcome).toHaveProperty('failed', expect.stringContaining(`within ${TIME_LIMIT} seconds`));
      }
    });
    for (const body of bodies) {
      const outcomes = await Promise.all(workers.map((worker) => worker.call('authenticate', body)));
      expect(outcomes.filter((outcome) => 'result' in outcome)).toHaveLength(1);
    }
    await load.accepts(20);
    await load.stop();
  });

  it('reject requests while the disk is full, accept no request twice and lose no key', async () => {
    const disk = await mkdtemp(join(tmpdir(), 'app-attest-disk-'));
    await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
    onTestFinished(async () => {
      await run('umount', [disk]);
      await rmdir(disk);
    });
    const { workers } = await fourProcesses(client, disk);
    const load = new Load(workers, random);
    await expect.poll(() => load.failures, { timeout: 60_000 }).toBeGreaterThan(20);
    await moment();
    await run('mount', ['-o', 'remount,size=64m', disk]);
    await load.accepts(20);
    await load.stop();
  });
});
