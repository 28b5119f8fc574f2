import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { verifyReceipt } from '../../src/index.js';
import { appId, apple } from '../support/backend.js';
import { type DueReceipts, dueReceipts } from '../support/due-receipts.js';
import { startWorker } from './support/device-requests.js';
import { PostgresServer } from './support/postgres-server.js';
import { RedisCluster } from './support/redis-cluster.js';
import { RedisServer } from './support/redis-server.js';
import { type Addresses, type OpenedStores, openStores, PATIENCE, type StoreKind } from './support/store-kinds.js';
import type { Outcome, WorkerProcess } from './support/worker-process.js';

const KEYS = 40;
const { receiptTrustAnchors } = apple;

/** Starts a separate server, because on a shared server, the receipts of other tests would be due too. */
async function startServer(kind: StoreKind): Promise<{ addresses: Addresses; stop(): Promise<void> }> {
  const none: Addresses = { redis: '', cluster: [], postgres: '', sqlite: '' };
  if (kind === 'postgres') {
    const postgres = await PostgresServer.start();
    return { addresses: { ...none, postgres: postgres.url }, stop: () => postgres.stop() };
  }
  if (kind === 'redis cluster') {
    const cluster = await RedisCluster.start();
    return { addresses: { ...none, cluster: cluster.urls }, stop: () => cluster.stop() };
  }
  const redis = await RedisServer.start();
  return { addresses: { ...none, redis: redis.url }, stop: () => redis.stop() };
}

describe.each(['redis', 'redis cluster', 'postgres'] as const)('receipts that are due in %s', (kind) => {
  let server: Awaited<ReturnType<typeof startServer>>;
  let opened: OpenedStores;
  let due: DueReceipts;
  const workers: WorkerProcess[] = [];

  beforeAll(async () => {
    server = await startServer(kind);
    opened = await openStores(kind, server.addresses, PATIENCE);
  });
  afterAll(async () => {
    await opened.close();
    await server.stop();
  });
  beforeEach(async () => {
    due = await dueReceipts(KEYS, { stores: opened.stores });
  });
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.kill()));
    await due.close();
  });

  const start = async (clockAhead = 0): Promise<WorkerProcess> => {
    const roots = receiptTrustAnchors.map(String);
    const options = { clockAhead, timeout: PATIENCE, receiptTrustAnchors: roots };
    const worker = await startWorker(kind, server.addresses, options);
    workers.push(worker);
    return worker;
  };
  const refresh = (worker: WorkerProcess): Promise<Outcome> => worker.call('refreshReceipts', due.options);
  const metrics = async () => {
    const keys = await Promise.all(due.keyIds.map((_, index) => due.key(index)));
    return keys.map(({ riskMetric }) => riskMetric);
  };
  const asked = () => due.endpoint.requests.map(({ body }) => body);

  it('are exchanged once each, although four processes refresh them at the same time', async () => {
    const four = await Promise.all([start(), start(), start(), start()]);
    const outcomes = await Promise.all(four.map(refresh));
    const refreshed = outcomes.map((outcome) => {
      expect(outcome).toMatchObject({ result: { notModified: 0, failed: 0 } });
      return 'result' in outcome ? Object(outcome.result).refreshed : 0;
    });
    expect(refreshed.reduce((sum, count) => sum + count, 0)).toBe(KEYS);
    expect(await metrics()).toEqual(Array(KEYS).fill(1));
    expect(asked().length).toBe(KEYS);
    expect(new Set(asked()).size).toBe(KEYS);
  });

  it('are not lost when a process is killed, and are exchanged after its claims end', async () => {
    for (let index = 0; index < 15; index += 1) due.endpoint.answerNext({ delay: 100 });
    // The clock of this process is 290 seconds behind, so its claims end after ten seconds.
    const killed = await start(-290);
    const lost = refresh(killed);
    await expect.poll(() => asked().length, { timeout: 30_000, interval: 5 }).toBeGreaterThan(7);
    await killed.kill();
    const killedAt = performance.now();
    expect(await lost).toEqual({ failed: 'the worker was killed' });
    const before = asked().length;

    for (const [index, keyId] of due.keyIds.entries()) {
      const { publicKey } = await due.key(index);
      const receipt = (await due.backend.receipt(keyId)) ?? expect.fail('a receipt is lost');
      await verifyReceipt({ receipt, appId, publicKey, trustAnchors: receiptTrustAnchors });
    }

    const next = await start();
    const first = await refresh(next);
    if (performance.now() - killedAt < 9_000) {
      // The second process skips the receipts that the killed process claimed.
      expect(first).toMatchObject({ result: { failed: 0 } });
      expect((await metrics()).filter((metric) => metric === undefined).length).toBeGreaterThan(0);
      expect(new Set(asked().slice(before)).size).toBe(asked().length - before);
    }
    await wait(Math.max(0, 11_000 - (performance.now() - killedAt)));
    expect(await refresh(next)).toMatchObject({ result: { failed: 0 } });
    expect(await metrics()).toEqual(Array(KEYS).fill(1));
    // A receipt was sent a second time only if the killed process had not stored the response.
    expect(asked().length).toBeLessThanOrEqual(KEYS + 5);
    expect(await refresh(next)).toMatchObject({ result: { due: 0 } });
  });
});
