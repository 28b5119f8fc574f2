import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPostgres } from '../../examples/postgres.js';
import { withSignedChallenges } from '../../examples/signed-challenges.js';
import type { AppAttest } from '../../src/server/index.js';
import { postgresStores } from '../../src/stores/postgres/index.js';
import { backendWithDevice, createBackend, signedRequest } from '../support/backend.js';
import { Random } from '../support/random.js';
import { expectCode } from '../support/rejection.js';
import { startWorkers } from './support/device-requests.js';
import { type JsonResponse, startJsonService } from './support/json-service.js';
import { Load } from './support/load.js';
import { PostgresPair } from './support/postgres-pair.js';
import type { PostgresServer } from './support/postgres-server.js';
import { PATIENCE } from './support/store-kinds.js';

const SECRET = 'a secret of the tests, with at least 32 bytes';
const random = new Random();

const opened: (() => unknown)[] = [];

/** Closes everything that the tests of a suite opened, in reverse order. */
async function closeAll(): Promise<void> {
  for (const close of opened.splice(0).toReversed()) await close();
}

async function startPair(isSynchronous: boolean): Promise<PostgresPair> {
  const pair = await PostgresPair.start({ isSynchronous });
  opened.push(() => pair.stop());
  return pair;
}

function storesOn(server: PostgresServer, timeout = PATIENCE) {
  const { pool, stores } = openPostgres(server.url, timeout);
  opened.push(() => pool.end());
  return { stored: stores, signed: withSignedChallenges(stores, SECRET) };
}

/** Registers three devices: one with stored challenges, one with signed challenges, and one whose key the tests revoke. */
async function devicesOn(server: PostgresServer, timeout?: number) {
  const { stored, signed } = storesOn(server, timeout);
  const device = await backendWithDevice(stored);
  const ofSigned = await backendWithDevice(signed);
  const revoked = await backendWithDevice(stored);
  return { stored: device, signed: ofSigned, revoked };
}

describe('a standby that was separated from its primary takes over without synchronous_standby_names, and', () => {
  let devices: Awaited<ReturnType<typeof devicesOn>>;
  let accepted: { stored: unknown; signed: unknown };
  let unused: unknown;
  let after: { stored: AppAttest; signed: AppAttest };
  beforeAll(async () => {
    const pair = await startPair(false);
    devices = await devicesOn(pair.primary);
    accepted = { stored: await devices.stored.request(), signed: await devices.signed.request() };
    unused = await devices.stored.request();
    await pair.separate();
    await devices.stored.backend.authenticate(accepted.stored);
    await devices.signed.backend.authenticate(accepted.signed);
    await devices.revoked.backend.revoke(devices.revoked.keyId);
    const { stored, signed } = storesOn(await pair.promote());
    after = { stored: createBackend(stored), signed: createBackend(signed) };
  });
  afterAll(closeAll);

  it('lacks the counters and revocations that the primary confirmed last', async () => {
    expect((await after.stored.key(devices.stored.keyId))?.counter).toBe(0);
    const { device, keyId } = devices.revoked;
    await after.stored.authenticate(await signedRequest(after.stored, device, keyId));
  });

  it('has no challenges, so it rejects a recorded request, and stores new challenges', async () => {
    for (const body of [accepted.stored, unused]) {
      await expectCode(() => after.stored.authenticate(body), 'challenge_unknown');
    }
    const request = await signedRequest(after.stored, devices.stored.device, devices.stored.keyId);
    await after.stored.authenticate(request);
    await expectCode(() => after.stored.authenticate(request), 'challenge_used');
  });

  it('accepts a recorded request a second time if challenges are signed', async () => {
    expect((await after.signed.authenticate(accepted.signed)).key.counter).toBe(1);
  });
});

describe('a primary that is separated from its synchronous standby', () => {
  /** In seconds. */
  const TIMEOUT = 2;
  let pair: PostgresPair;
  let devices: Awaited<ReturnType<typeof devicesOn>>;
  let accepted: { stored: unknown; signed: unknown };
  let responses: JsonResponse[];
  beforeAll(async () => {
    pair = await startPair(true);
    devices = await devicesOn(pair.primary);
    accepted = { stored: await devices.stored.request(), signed: await devices.signed.request() };
    const last = await devices.stored.request();
    await devices.stored.backend.authenticate(accepted.stored);
    await devices.signed.backend.authenticate(accepted.signed);
    await pair.separate();
    const service = await startJsonService(createBackend(storesOn(pair.primary, TIMEOUT).stored));
    opened.push(() => service.close());
    const challenge = () => service.post('/challenge', { purpose: 'assertion' });
    responses = [await challenge(), await service.post('/assertion', last), await challenge()];
  });
  afterAll(closeAll);

  it('issues challenges, but confirms no request, so the handlers respond with 503', async () => {
    expect(responses.map(({ status }) => status)).toEqual([200, 503, 200]);
  });

  it('does not confirm a change of a key when statement_timeout has passed', async () => {
    const options = `-c statement_timeout=${TIMEOUT * 500}`;
    // Without this time limit, pool.end() would wait for the statement.
    const pool = new pg.Pool({ connectionString: pair.primary.url, options, query_timeout: TIMEOUT * 2000 });
    opened.push(() => pool.end());
    const backend = createBackend(postgresStores(pool, { schema: 'app_attest', timeout: TIMEOUT }));
    // The change uses the key of signed challenges, because the request that was not confirmed still locks the row of the other key.
    await expect(backend.bind(devices.signed.keyId, 'alice')).rejects.toThrow('PostgreSQL did not respond');
  });

  it('confirms a revocation if its statement is cancelled', async () => {
    const { backend, keyId } = devices.revoked;
    const revoked = backend.revoke(keyId);
    const isRevoked = `wait_event = 'SyncRep' AND query LIKE '%revoked_at = coalesce%'`;
    const cancel = `SELECT pg_cancel_backend(pid) AS done FROM pg_stat_activity WHERE ${isRevoked}`;
    await expect.poll(() => pair.primary.query(cancel), { timeout: 30_000 }).toEqual([{ done: true }]);
    await revoked;
  });

  describe('and is then lost leaves a standby that', () => {
    let after: { stored: AppAttest; signed: AppAttest };
    beforeAll(async () => {
      const { stored, signed } = storesOn(await pair.promote());
      after = { stored: createBackend(stored), signed: createBackend(signed) };
    });

    it('has each confirmed counter, and rejects a recorded request with stored and with signed challenges', async () => {
      const confirmed = responses.some(({ error }) => error !== undefined) ? 1 : 2;
      expect((await after.stored.key(devices.stored.keyId))?.counter).toBe(confirmed);
      await expectCode(() => after.stored.authenticate(accepted.stored), 'challenge_unknown');
      await expectCode(() => after.signed.authenticate(accepted.signed), 'counter_not_increased');
    });

    it('lacks the revocation whose statement was cancelled', async () => {
      expect(await after.stored.key(devices.revoked.keyId)).toMatchObject({ counter: 0 });
      expect((await after.stored.key(devices.revoked.keyId))?.revokedAt).toBeUndefined();
    });
  });
});

describe('a synchronous standby', () => {
  afterAll(closeAll);

  it(`accepts no request twice and loses no key if its primary is lost under load (SEED=${random.seed})`, async () => {
    const pair = await startPair(true);
    const addressesOf = ({ url }: PostgresServer) => ({ redis: '', cluster: [], postgres: url, sqlite: '' });
    const start = async (server: PostgresServer) => {
      const started = await startWorkers('postgres', addressesOf(server), { counterWindow: 64, timeout: PATIENCE });
      opened.push(() => Promise.all(started.map((worker) => worker.kill())));
      return started;
    };
    const workers = await start(pair.primary);
    const load = new Load(workers, random);
    await load.accepts(50);
    pair.separateNow();
    // If the primary did not wait for the standby, it would accept requests in this time.
    await setTimeout(random.between(300, 600));
    await pair.primary.stop();
    workers.splice(0, workers.length, ...(await start(await pair.promote())));
    await load.accepts(20);
    await load.stop();
    expect(load.failures).toBeGreaterThan(0);
  });
});
