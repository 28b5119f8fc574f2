import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Stores, storeConformance } from '../../src/conformance/index.js';
import { Client, startWorkers, tally } from './support/device-requests.js';
import { isInstalled, RedisServer } from './support/redis-server.js';
import { type OpenedStores, openStores, PATIENCE } from './support/store-kinds.js';

const COPIES = 200;

describe.skipIf(!isInstalled('valkey-server'))('a Valkey server', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.startProgram('valkey-server');
  });
  afterAll(() => server.stop());

  const addresses = () => ({ redis: server.url, cluster: [], postgres: '', sqlite: '' });

  describe('that servers use with redis and with ioredis', () => {
    let opened: OpenedStores[];
    let turn = 0;
    beforeAll(async () => {
      opened = [await openStores('redis', addresses(), PATIENCE), await openStores('ioredis', addresses(), PATIENCE)];
    });
    afterAll(() => Promise.all(opened.map(({ close }) => close())));

    const nextServer = (): Stores => {
      turn += 1;
      const server = opened[turn % opened.length];
      if (!server) throw new Error('the list of servers is empty');
      return server.stores;
    };
    for (const { name, run } of storeConformance(nextServer)) it(name, run);
  });

  it.each(['redis', 'ioredis'] as const)(
    'lets four processes with %s accept one of 200 copies of a registration, and one of 200 copies of a request',
    async (kind) => {
      const workers = await startWorkers(kind, addresses(), { counterWindow: 64, timeout: PATIENCE });
      const [worker] = workers;
      if (!worker) throw new Error('the worker processes are not started');
      const client = await Client.create();
      for (const method of ['register', 'authenticate'] as const) {
        const body = await (method === 'register' ? client.registration(worker) : client.request(worker));
        const calls = Array.from({ length: COPIES / workers.length }, () =>
          workers.map((one) => one.call(method, body)),
        );
        expect(tally(await Promise.all(calls.flat()))).toEqual({ accepted: 1, challenge_used: COPIES - 1 });
      }
      expect(await worker.call('key', client.keyId)).toMatchObject({ result: 1 });
      await Promise.all(workers.map((one) => one.kill()));
    },
  );
});
