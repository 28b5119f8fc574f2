import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type AppAttest, signedChallenges } from '../../src/server/index.js';
import { createBackend, createDevice, registration, signedRequest } from '../support/backend.js';
import { expectCode } from '../support/rejection.js';
import { Client, startWorkers, tally } from './support/device-requests.js';
import { type OpenedStores, openStores, PATIENCE, storeKinds } from './support/store-kinds.js';
import type { WorkerProcess } from './support/worker-process.js';

const COPIES = 200;
const HOUR = 3600;
const secrets = ['a secret of the tests, with at least 32 bytes'];

describe.each(storeKinds)('four processes with signed challenges on %s', (kind) => {
  let workers: WorkerProcess[];
  beforeAll(async () => {
    workers = await startWorkers(kind, inject('addresses'), { counterWindow: 64, timeout: PATIENCE, secrets });
  });
  afterAll(() => Promise.all(workers.map((worker) => worker.kill())));

  const at = (index: number): WorkerProcess => {
    const worker = workers[index % workers.length];
    if (!worker) throw new Error('no worker');
    return worker;
  };

  it('accept one of 200 copies of a registration, and one of 200 copies of a request', async () => {
    const client = await Client.create();
    const bodies = [
      ['register', await client.registration(at(0))],
      ['authenticate', await client.request(at(1))],
    ] as const;
    for (const [method, body] of bodies) {
      const outcomes = Array.from({ length: COPIES }, (_, index) => at(index).call(method, body));
      expect(tally(await Promise.all(outcomes))).toEqual({ accepted: 1, challenge_used: COPIES - 1 });
    }
  });
});

describe.each(['redis', 'redis cluster', 'postgres'] as const)('signed challenges on %s', (kind) => {
  let opened: OpenedStores;
  beforeAll(async () => {
    opened = await openStores(kind, inject('addresses'), PATIENCE);
  });
  afterAll(() => opened.close());

  const server = (ahead = 0): AppAttest =>
    createBackend({
      challenges: signedChallenges({ secrets, used: opened.stores.challenges }),
      keys: opened.stores.keys,
      now: () => new Date(Date.now() + ahead * 1000),
    });

  it('are issued a million times without a call to the store, and do not affect the earlier challenges of devices', async () => {
    const backend = server();
    const devices = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const device = await createDevice();
        const { keyId } = await backend.register(await registration(backend, device));
        return { device, keyId, early: await signedRequest(backend, device, keyId) };
      }),
    );
    const calls: unknown[] = [];
    const silent = new Proxy(opened.stores.challenges, {
      get: (_, name) => (name === 'then' ? undefined : async () => calls.push(name)),
    });
    const flooded = createBackend({
      challenges: signedChallenges({ secrets, used: silent }),
      keys: opened.stores.keys,
    });
    for (let index = 0; index < 1_000_000; index += 1) await flooded.issueChallenge({ purpose: 'assertion' });
    expect(calls).toEqual([]);
    for (const { device, keyId, early } of devices) {
      await backend.authenticate(early);
      await backend.authenticate(await signedRequest(backend, device, keyId));
    }
  });

  it('stay used if the clock of a server is wrong by an hour', async () => {
    const [exact, behind, ahead] = [server(), server(-HOUR), server(HOUR)];
    for (const issuing of [exact, behind, ahead]) {
      const { challenge } = await issuing.issueChallenge({ purpose: 'assertion' });
      await issuing.takeChallenge(challenge, { purpose: 'assertion' });
      await expectCode(() => issuing.takeChallenge(challenge, { purpose: 'assertion' }), 'challenge_used');
      await expectCode(() => behind.takeChallenge(challenge, { purpose: 'assertion' }), 'challenge_used');
    }
  });
});
