import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Random } from '../support/random.js';
import { Client, startWorkers, tally } from './support/device-requests.js';
import { PATIENCE, type StoreKind, storeKinds } from './support/store-kinds.js';
import type { Outcome, WorkerProcess } from './support/worker-process.js';

const COPIES = 200;
const random = new Random();

describe.each([...storeKinds, 'node:sqlite'] as const)('four processes on %s', (kind) => {
  const workers = fourWorkers(kind, 64);

  /** Makes the same call 200 times, each time to the next worker. */
  const copies = (method: 'register' | 'authenticate', body: unknown): Promise<Outcome[]> => {
    return Promise.all(Array.from({ length: COPIES }, (_, index) => workers.at(index).call(method, body)));
  };

  it('accept one of 200 copies of a registration, and one of 200 copies of a request', async () => {
    const client = await Client.create();
    const registration = await client.registration(workers.at(0));
    const once = { accepted: 1, challenge_used: COPIES - 1 };
    expect(tally(await copies('register', registration))).toEqual(once);
    const request = await client.request(workers.at(1));
    expect(tally(await copies('authenticate', request))).toEqual(once);
    expect(await workers.at(2).call('key', client.keyId)).toMatchObject({ result: 1 });
  });

  it('accept eight simultaneous attestations of one key, and another attestation after a request', async () => {
    const client = await Client.create();
    const attestations = [];
    while (attestations.length < 9) attestations.push(await client.registration(workers.at(0)));
    const [last, ...first] = attestations;
    const outcomes = first.map((body, index) => workers.at(index).call('register', body));
    expect(tally(await Promise.all(outcomes))).toEqual({ accepted: first.length });
    expect(await workers.at(0).call('authenticate', await client.request(workers.at(1)))).toMatchObject({ result: 1 });
    expect(await workers.at(2).call('register', last)).toMatchObject({ result: 1 });
    expect(await workers.at(3).call('key', client.keyId)).toMatchObject({ result: 1 });
  });
});

/** Uses one client package for each kind of database. The tests above use all client packages. */
describe.each(['redis', 'redis cluster', 'postgres', 'libsql'] as const)('four processes on %s', (kind) => {
  const withWindow = fourWorkers(kind, 64);
  const withoutWindow = fourWorkers(kind, 0);

  it(`accept each of 1 000 requests once if they are out of order within the counter window (SEED=${random.seed})`, async () => {
    const bodies = await requests(withWindow.at(0));
    // A request is up to 15 places out of order. 32 requests are in progress at the same time, and each of them is sent twice.
    // So a counter is at most 61 below the highest counter.
    const order = random.displaced(bodies, 16).flatMap((request) => [request, request]);
    const outcomes = await inBatches(64, order, ({ body }, index) => withWindow.at(index).call('authenticate', body));
    expect(tally(outcomes)).toEqual({ accepted: 1000, challenge_used: 1000 });
    expect(accepted(order, outcomes).toSorted((a, b) => a - b)).toEqual(bodies.map(({ counter }) => counter));
  });

  it(`accept only requests with increasing counters if there is no counter window (SEED=${random.seed})`, async () => {
    const order = random.displaced(await requests(withoutWindow.at(0)), 1000);
    const outcomes = await inBatches(1, order, ({ body }, index) => withoutWindow.at(index).call('authenticate', body));
    const counters = order.map(({ counter }) => counter);
    const rising = counters.filter((counter, index) => counter > Math.max(0, ...counters.slice(0, index)));
    expect(accepted(order, outcomes)).toEqual(rising);
    expect(tally(outcomes)).toEqual({ accepted: rising.length, counter_not_increased: 1000 - rising.length });
  });
});

/** Starts four processes before the tests of a suite. `at` distributes all indexes over the processes. */
function fourWorkers(kind: StoreKind, counterWindow: number) {
  let workers: WorkerProcess[] = [];
  beforeAll(async () => {
    workers = await startWorkers(kind, inject('addresses'), { counterWindow, timeout: PATIENCE });
  });
  afterAll(() => Promise.all(workers.map((worker) => worker.kill())));
  return {
    at(index: number): WorkerProcess {
      const worker = workers[index % workers.length];
      if (!worker) throw new Error('the worker processes are not started');
      return worker;
    },
  };
}

/** 1 000 requests of one registered device, in the order of their counters. */
async function requests(worker: WorkerProcess) {
  const client = await Client.create();
  expect(await worker.call('register', await client.registration(worker))).toMatchObject({ result: 0 });
  const bodies = [];
  for (let counter = 1; counter <= 1000; counter += 1) bodies.push({ counter, body: await client.request(worker) });
  return bodies;
}

function accepted(requests: readonly { counter: number }[], outcomes: readonly Outcome[]): number[] {
  return requests.map(({ counter }) => counter).filter((_, index) => 'result' in (outcomes[index] ?? {}));
}

/** Calls a function for all items in batches of `size`. A batch starts after all calls of the previous batch have finished. */
async function inBatches<Item, Result>(
  size: number,
  items: readonly Item[],
  call: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += size) {
    const batch = items.slice(start, start + size);
    results.push(...(await Promise.all(batch.map((item, index) => call(item, start + index)))));
  }
  return results;
}
