import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Client, startWorker } from './support/device-requests.js';
import { PATIENCE } from './support/store-kinds.js';
import type { WorkerOptions } from './support/worker.js';
import type { WorkerProcess } from './support/worker-process.js';

const HOUR = 3600;

describe.each(['redis', 'redis cluster', 'postgres'] as const)('a clock that is set back an hour, on %s', (kind) => {
  const started: WorkerProcess[] = [];
  afterAll(() => Promise.all(started.map((worker) => worker.kill())));

  /** Starts two server processes on the same stores. The clock of the second process is an hour behind the first clock. */
  async function beforeAndAfter(options: Partial<WorkerOptions>) {
    const start = async (clockAhead: number) =>
      startWorker(kind, inject('addresses'), { timeout: PATIENCE, ...options, clockAhead });
    const [before, after] = await Promise.all([start(0), start(-HOUR)]);
    started.push(before, after);
    return { before, after };
  }

  let client: Client;
  let servers: Awaited<ReturnType<typeof beforeAndAfter>>;
  beforeAll(async () => {
    servers = await beforeAndAfter({});
    client = await Client.create();
    const registration = await client.registration(servers.before);
    expect(await servers.before.call('register', registration)).toMatchObject({ result: 0 });
  });

  it('makes no used challenge valid again', async () => {
    const request = await client.request(servers.before);
    expect(await servers.before.call('authenticate', request)).toHaveProperty('result');
    expect(await servers.after.call('authenticate', request)).toMatchObject({ refused: 'challenge_used' });
  });

  it('makes no challenge expire earlier, and moves no counter back', async () => {
    const [earlier, later] = [await client.request(servers.before), await client.request(servers.before)];
    expect(await servers.after.call('authenticate', later)).toHaveProperty('result');
    expect(await servers.after.call('authenticate', earlier)).toMatchObject({ refused: 'counter_not_increased' });
    const own = await client.request(servers.after);
    expect(await servers.after.call('authenticate', own)).toHaveProperty('result');
  });

  it('makes no expired challenge valid again, and makes no challenge expire later', async () => {
    const { before, after } = await beforeAndAfter({ challengeTtl: 1 });
    const requests = [await client.request(before), await client.request(after)];
    await setTimeout(1100);
    for (const request of requests) {
      expect(await after.call('authenticate', request)).toMatchObject({ refused: 'challenge_expired' });
    }
  });
});
