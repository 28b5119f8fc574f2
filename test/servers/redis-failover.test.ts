import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { openRedis } from '../../examples/redis.js';
import { AppAttestError, type AppAttestErrorCode } from '../../src/errors.js';
import type { AppAttest } from '../../src/server/index.js';
import { backendWithDevice, createBackend, signedRequest } from '../support/backend.js';
import { expectCode } from '../support/rejection.js';
import { startJsonService } from './support/json-service.js';
import { RedisPair } from './support/redis-pair.js';
import { isInstalled } from './support/redis-server.js';
import { PATIENCE } from './support/store-kinds.js';

/** The settings in docs/stores.md. */
const REPLICATED = ['--min-replicas-to-write', '1', '--min-replicas-max-lag', '2'];
/**
 * A separated primary rejects writes after at most this time, in seconds. The time is longer than `min-replicas-max-lag`, because
 * Redis compares whole seconds, once a second.
 */
const LIMIT = 5;

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function storesAt(url: string) {
  const { client, stores } = await openRedis(url, PATIENCE);
  closing.push(() => client.destroy());
  return stores;
}

/** Returns a server layer on the primary, a recorded request of one device, and a stolen device whose key a test revokes. */
async function backendOn(pair: RedisPair) {
  const stores = await storesAt(pair.primary.url);
  const { backend, keyId, request } = await backendWithDevice(stores);
  const stolen = await backendWithDevice(stores);
  return { backend, keyId, recorded: await request(), stolen };
}

/** Makes the replica take over, and returns a server layer on it. */
async function afterFailover(pair: RedisPair): Promise<AppAttest> {
  return createBackend(await storesAt((await pair.promote()).url));
}

/** Returns the code of a rejection, or `'unavailable'` if the store failed. The HTTP handlers respond to such an error with 503. */
async function outcome(attempt: Promise<unknown>): Promise<AppAttestErrorCode | 'accepted' | 'unavailable'> {
  return attempt.then(
    () => 'accepted' as const,
    (error: unknown) => (error instanceof AppAttestError ? error.code : 'unavailable'),
  );
}

describe.each(['redis-server', 'valkey-server'] as const)('a primary of %s', (program) => {
  const it = test.skipIf(!isInstalled(program));

  async function startPair(...settings: readonly string[]): Promise<RedisPair> {
    const pair = await RedisPair.start(program, ...settings);
    closing.push(() => pair.stop());
    return pair;
  }

  describe('that is separated from its replica', () => {
    it.each<[string, readonly string[], number]>([
      ['at any time without min-replicas-to-write', [], LIMIT + 1],
      ['within the time limit with min-replicas-to-write', REPLICATED, 0],
    ])('accepts changes that a failover loses, %s', async (_, settings, seconds) => {
      const pair = await startPair(...settings);
      const { backend, keyId, recorded, stolen } = await backendOn(pair);
      await pair.separate();
      await setTimeout(seconds * 1000);
      await backend.authenticate(recorded);
      await stolen.backend.revoke(stolen.keyId);

      const after = await afterFailover(pair);
      expect((await after.key(keyId))?.counter).toBe(0);
      // The recorded request works a second time, and the revoked key works again.
      expect((await after.authenticate(recorded)).key.counter).toBe(1);
      await after.authenticate(await signedRequest(after, stolen.device, stolen.keyId));
    });

    it('accepts nothing after the time limit with min-replicas-to-write, so a failover loses nothing', async () => {
      const pair = await startPair(...REPLICATED);
      const { backend, keyId, recorded, stolen } = await backendOn(pair);
      await pair.separate();
      await pair.primary.answers('INFO replication', (info) => info.includes('min_slaves_good_slaves:0'));
      expect(await outcome(backend.issueChallenge({ purpose: 'assertion' }))).toBe('unavailable');
      expect(await outcome(backend.authenticate(recorded))).toBe('unavailable');
      expect(await outcome(stolen.backend.revoke(stolen.keyId))).toBe('unavailable');
      expect((await backend.key(keyId))?.counter).toBe(0);

      const after = await afterFailover(pair);
      expect((await after.authenticate(recorded)).key.counter).toBe(1);
      await expectCode(() => after.authenticate(recorded), 'challenge_used');
      await after.revoke(stolen.keyId);
      const request = await signedRequest(after, stolen.device, stolen.keyId);
      await expectCode(() => after.authenticate(request), 'key_revoked');
    });

    it(`makes the handlers respond with 503 within ${LIMIT} seconds with min-replicas-to-write`, async () => {
      const pair = await startPair(...REPLICATED);
      const { backend, recorded } = await backendOn(pair);
      const service = await startJsonService(backend);
      closing.push(() => service.close());
      const challenge = () => service.post('/challenge', { purpose: 'assertion' });
      expect(await challenge()).toMatchObject({ status: 200 });
      await pair.separate();
      const unavailable = { status: 503, error: 'unavailable' };
      await expect.poll(challenge, { timeout: LIMIT * 1000 }).toMatchObject(unavailable);
      expect(await service.post('/assertion', recorded)).toMatchObject(unavailable);
    });
  });

  it.each<[string, readonly string[], string]>([
    ['accepts, without min-replicas-to-write,', [], 'accepted'],
    ['does not accept, with min-replicas-to-write,', REPLICATED, 'unavailable'],
  ])('that still runs after the failover %s a request that the new primary accepted', async (_, settings, expected) => {
    const pair = await startPair(...settings);
    const { backend, recorded } = await backendOn(pair);
    await pair.replicated();
    const after = await afterFailover(pair);
    await pair.primary.answers('INFO replication', (info) => info.includes('connected_slaves:0'));
    await after.authenticate(recorded);
    expect(await outcome(backend.authenticate(recorded))).toBe(expected);
  });
});
