import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Client, startWorker, tally } from './support/device-requests.js';
import { PATIENCE, storeKinds } from './support/store-kinds.js';
import type { WorkerProcess } from './support/worker-process.js';

describe.each(storeKinds)('a process that has cached a key, on %s,', (kind) => {
  let caching: WorkerProcess;
  let other: WorkerProcess;
  beforeAll(async () => {
    const options = { timeout: PATIENCE, counterWindow: 64 };
    [caching, other] = await Promise.all([
      startWorker(kind, inject('addresses'), { ...options, keyCache: { max: 100, ttl: 3600 } }),
      startWorker(kind, inject('addresses'), options),
    ]);
  });
  afterAll(() => Promise.all([caching, other].map((worker) => worker.kill())));

  /** A registered device whose key is cached. */
  async function cachedClient(): Promise<Client> {
    const client = await Client.create();
    expect(await other.call('register', await client.registration(other))).toMatchObject({ result: 0 });
    for (const counter of [1, 2]) {
      expect(await caching.call('authenticate', await client.request(other))).toMatchObject({ result: counter });
    }
    return client;
  }

  it('accepts no request with the key after another process has revoked or deleted the key', async () => {
    for (const [change, code] of [
      ['revoke', 'key_revoked'],
      ['forget', 'key_unknown'],
    ] as const) {
      const client = await cachedClient();
      expect(await other.call(change, client.keyId)).not.toHaveProperty('failed');
      for (const _ of [1, 2]) {
        expect(await caching.call('authenticate', await client.request(other))).toMatchObject({ refused: code });
      }
    }
  });

  it('accepts requests with the key after another process has bound the key or registered it again', async () => {
    const client = await cachedClient();
    await other.call('bind', client.keyId);
    expect(await caching.call('authenticate', await client.request(other))).toMatchObject({ result: 3 });

    await other.call('forget', client.keyId);
    const request = await client.request(other);
    expect(await other.call('register', await client.registration(other))).toMatchObject({ result: 0 });
    expect(await caching.call('authenticate', request)).toMatchObject({ result: 4 });
    expect(await other.call('authenticate', await client.request(other))).toMatchObject({ result: 5 });
  });

  it('accepts no request that another process has accepted', async () => {
    const client = await cachedClient();
    const request = await client.request(other);
    expect(await other.call('authenticate', request)).toMatchObject({ result: 3 });
    expect(await caching.call('authenticate', request)).toMatchObject({ refused: 'challenge_used' });
    expect(await caching.call('authenticate', await client.request(other))).toMatchObject({ result: 4 });
  });

  it('and another process together accept at most one of 200 copies of a request', async () => {
    const client = await cachedClient();
    const request = await client.request(other);
    const copies = Array.from({ length: 200 }, (_, index) =>
      [caching, other][index % 2]?.call('authenticate', request),
    );
    const { accepted = 0, ...rejected } = tally((await Promise.all(copies)).flatMap((outcome) => outcome ?? []));
    expect(accepted).toBeLessThanOrEqual(1);
    expect(Object.keys(rejected).toSorted()).toEqual(
      expect.not.arrayContaining([expect.not.stringMatching(/^(challenge_used|counter_not_increased)$/)]),
    );
  });
});
