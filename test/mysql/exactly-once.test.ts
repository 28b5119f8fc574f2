import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client, startWorkers, tally } from '../servers/support/device-requests.js';
import { PATIENCE } from '../servers/support/store-kinds.js';
import type { WorkerProcess } from '../servers/support/worker-process.js';
import { addressesOf } from './addresses.js';
import { MariadbServer } from './mariadb-server.js';

const COPIES = 200;

let server: MariadbServer;
beforeAll(async () => {
  server = await MariadbServer.start();
});
afterAll(() => server.stop());

describe.each<[string, { secrets?: string[] }]>([
  ['stored', {}],
  ['signed', { secrets: ['a secret of the tests, with at least 32 bytes'] }],
])('four processes with %s challenges on MariaDB', (_, options) => {
  let workers: WorkerProcess[];
  beforeAll(async () => {
    const patient = { counterWindow: 64, timeout: PATIENCE, ...options };
    workers = await startWorkers('module', addressesOf(server.url), patient);
  });
  afterAll(() => Promise.all(workers.map((worker) => worker.kill())));

  const at = (index: number): WorkerProcess => {
    const worker = workers[index % workers.length];
    if (!worker) throw new Error('the worker processes are not started');
    return worker;
  };

  it('accept one of 200 copies of a registration, and one of 200 copies of a request', async () => {
    const client = await Client.create();
    const registration = ['register', await client.registration(at(0))] as const;
    const copies = ([method, body]: readonly ['register' | 'authenticate', unknown]) =>
      Promise.all(Array.from({ length: COPIES }, (_, index) => at(index).call(method, body)));
    const once = { accepted: 1, challenge_used: COPIES - 1 };
    expect(tally(await copies(registration))).toEqual(once);
    expect(tally(await copies(['authenticate', await client.request(at(1))]))).toEqual(once);
    expect(await at(2).call('key', client.keyId)).toMatchObject({ result: 1 });
  });

  it('accept each of 200 requests once if each request is sent twice and the requests arrive in any order', async () => {
    const client = await Client.create();
    expect(await at(0).call('register', await client.registration(at(0)))).toMatchObject({ result: 0 });
    const bodies = [];
    while (bodies.length < 200) bodies.push(await client.request(at(0)));
    for (let start = 0; start < bodies.length; start += 40) {
      const batch = bodies.slice(start, start + 40).flatMap((body) => [body, body]);
      const outcomes = batch.map((body, index) => at(3 * index).call('authenticate', body));
      expect(tally(await Promise.all(outcomes))).toEqual({ accepted: 40, challenge_used: 40 });
    }
  });
});
