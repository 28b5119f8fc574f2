import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../support/random.js';
import { startWorker, startWorkers } from './device-requests.js';
import { Load } from './load.js';
import type { Addresses, StoreKind } from './store-kinds.js';
import type { WorkerProcess } from './worker-process.js';

/** A store in which a test can cause faults. */
export interface FaultyStore {
  addresses: Addresses;
  /** Ends the store's processes, gracefully or by SIGKILL. Then calls `whileDown` and starts the processes again. */
  restart(how: 'stop' | 'kill', whileDown: () => Promise<void>): Promise<void>;
  /** Closes the connections of all clients. */
  cut(): Promise<void>;
  /** Blocks all traffic until `meanwhile` has finished. */
  stall(meanwhile: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

const random = new Random();
const moment = () => setTimeout(random.between(50, 300));

/** Defines tests of a store with each kind of client and each kind of fault. */
export function testFaults(kinds: readonly StoreKind[], start: () => Promise<FaultyStore>): void {
  describe.each(kinds)(`a backend on %s (SEED=${random.seed})`, (kind) => {
    let store: FaultyStore;
    let workers: WorkerProcess[];
    beforeAll(async () => {
      store = await start();
      workers = await startWorkers(kind, store.addresses, { counterWindow: 64 });
    });
    afterAll(async () => {
      await Promise.all(workers.map((worker) => worker.kill()));
      await store.stop();
    });

    /** Sends load before, during and after a fault. Then checks that no response was wrong. */
    async function during(fault: (load: Load) => Promise<void>): Promise<Load> {
      const load = new Load(workers, random);
      await load.accepts(20);
      await moment();
      await fault(load);
      await load.accepts(20);
      await load.stop();
      return load;
    }

    /** Expects each call to fail with an error of the store, instead of being accepted or rejected. */
    async function allFail(bodies: readonly unknown[]): Promise<void> {
      const calls = bodies.flatMap((body) => workers.map((worker) => worker.call('authenticate', body)));
      calls.push(...workers.map((worker) => worker.call('issueChallenge', 'assertion')));
      for (const outcome of await Promise.all(calls)) expect(outcome).toHaveProperty('failed');
    }

    it('accepts no request twice and loses no key when server processes are killed', async () => {
      const load = await during(async () => {
        for (let kills = 0; kills < 3; kills += 1) {
          const victim = random.pick(workers);
          await victim.kill();
          workers.splice(workers.indexOf(victim), 1, await startWorker(kind, store.addresses, { counterWindow: 64 }));
          await moment();
        }
      });
      expect(load.failures).toBeGreaterThan(0);
    });

    it.each(['stop', 'kill'] as const)(
      'accepts no request twice and loses no key when the store is restarted (%s)',
      async (how) => {
        await during(async (load) => {
          const bodies = await load.prepare(5);
          await store.restart(how, () => allFail(bodies));
        });
      },
    );

    it('accepts no request twice and loses no key when connections are closed', async () => {
      const load = await during(async () => {
        for (let cuts = 0; cuts < 5; cuts += 1) {
          await store.cut();
          await moment();
        }
      });
      expect(load.failures).toBeGreaterThan(0);
    });

    it('accepts no request twice, loses no key and lets no request wait forever when all traffic is blocked', async () => {
      await during(async (load) => {
        const bodies = await load.prepare(5);
        await store.stall(() => allFail(bodies));
      });
    });
  });
}
