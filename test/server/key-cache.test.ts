import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { type AppAttestOptions, memoryStores, type Stores } from '../../src/server/index.js';
import { backendWithDevice, createBackend, createDevice, registration, signedRequest } from '../support/backend.js';
import { observed } from '../support/observed-stores.js';
import { expectCode } from '../support/rejection.js';

const keyCache = { max: 100, ttl: 60 };

/** A server that has cached the key of a device, and another server without a key cache on the same stores. */
async function cached(options: Partial<AppAttestOptions> = {}, stores: Stores = memoryStores()) {
  const { stores: watched, rounds } = observed(stores);
  const { backend, ...device } = await backendWithDevice({ keyCache, ...options, ...watched });
  await backend.authenticate(await device.request());
  const other = createBackend(stores);
  const request = (subject?: string) => signedRequest(other, device.device, device.keyId, subject);
  rounds.splice(0);
  return { ...device, backend, other, request, rounds, stores };
}

describe('a request with a cached key', () => {
  it('needs one round to the stores', async () => {
    const { backend, key, request, rounds } = await cached();
    const { key: used, payload } = await backend.authenticate(await request());
    expect(rounds).toEqual([['take', 'advance']]);
    expect(used).toEqual({ ...key, counter: 2, lastUsedAt: expect.any(Date) });
    expect(payload).toBeInstanceOf(Uint8Array);
  });

  it('reaches no store if its signature is invalid, and leaves its challenge valid', async () => {
    const { backend, request, rounds } = await cached();
    const { payload, ...body } = await request();
    const forged = { ...body, payload: payload.replace('coffee', 'gold') };
    await expectCode(() => backend.authenticate(forged), 'invalid_signature');
    await expectCode(() => backend.authenticate({ ...body, payload, token: 'AAAA' }), 'malformed_assertion');
    expect(rounds).toEqual([]);
    await backend.authenticate({ ...body, payload });
  });

  it('is rejected with the code for its challenge if both its challenge and its key are rejected', async () => {
    const { backend, keyId, other, request, rounds } = await cached();
    const [used, revoked] = [await request(), await request()];
    await backend.authenticate(used);
    await other.revoke(keyId);
    rounds.splice(0);
    await expectCode(() => backend.authenticate(used), 'challenge_used');
    await expectCode(() => backend.authenticate(revoked), 'key_revoked');
    await expectCode(() => backend.authenticate(revoked), 'challenge_used');
  });

  it.each(['take', 'advance'])('is not accepted if %s fails, and leaves no unhandled rejection', async (method) => {
    const { backend, request, stores } = await cached();
    const failure = new Error('the connection was lost');
    if (method === 'take') vi.spyOn(stores.challenges, 'take').mockRejectedValueOnce(failure);
    else vi.spyOn(stores.keys, 'advance').mockRejectedValueOnce(failure);
    const body = await request();
    await expect(backend.authenticate(body)).rejects.toBe(failure);
    expect((await backend.authenticate(await request())).key.counter).toBe(3);
  });

  it('is not accepted if both take and advance fail', async () => {
    const { backend, request, stores } = await cached();
    const failure = new Error('the connection was lost');
    vi.spyOn(stores.keys, 'advance').mockRejectedValueOnce(failure);
    const body = await request();
    await stores.challenges.take(JSON.parse(body.payload).challenge);
    await expectCode(() => backend.authenticate(body), 'challenge_used');
    await setTimeout(5);
  });

  it('is accepted in only one of 200 copies', async () => {
    const { backend, request } = await cached({ counterWindow: 64 });
    const body = await request();
    const copies = await Promise.allSettled(Array.from({ length: 200 }, () => backend.authenticate(body)));
    expect(copies.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const copy of copies) if (copy.status === 'rejected') expect(copy.reason.code).toBe('challenge_used');
  });

  it('is rejected if its counter was accepted before, inside and outside a window', async () => {
    for (const counterWindow of [0, 64]) {
      const { backend, device, request } = await cached({ counterWindow });
      device.misbehave({ standingCounter: true });
      const body = await request();
      await expectCode(() => backend.authenticate(body), 'counter_not_increased');
    }
  });

  it.each([undefined, 1, 'true'])('is not accepted if advance returns %o', async (answer) => {
    const { backend, request, stores } = await cached();
    vi.spyOn(stores.keys, 'advance').mockResolvedValue(answer as never);
    const body = await request();
    await expectCode(() => backend.authenticate(body), 'counter_not_increased');
  });
});

describe('a cached key', () => {
  it('is not accepted after it was revoked or removed', async () => {
    for (const [change, code] of [
      ['revoke', 'key_revoked'],
      ['forget', 'key_unknown'],
    ] as const) {
      const { backend, keyId, other, request } = await cached();
      await other[change](keyId);
      for (const body of [await request(), await request()]) {
        await expectCode(() => backend.authenticate(body), code);
      }
    }
  });

  it('is accepted only for its new user after another server has bound it', async () => {
    const { backend, keyId, other, request } = await cached();
    await other.bind(keyId, 'alice');
    const [ofBob, ofAlice] = [await request('bob'), await request('alice')];
    await expectCode(() => backend.authenticate(ofBob, { subject: 'bob' }), 'key_unknown');
    expect((await backend.authenticate(ofAlice, { subject: 'alice' })).key.subject).toBe('alice');
    expect((await backend.authenticate(await request())).key.subject).toBe('alice');
  });

  it('yields its new user after another server has bound it, even if authenticate has no subject', async () => {
    const { backend, keyId, other, request } = await cached();
    await other.bind(keyId, 'alice');
    expect((await backend.authenticate(await request())).key.subject).toBe('alice');
  });

  it('is not accepted for its former user after it was registered for another user', async () => {
    const stores = memoryStores();
    const backend = createBackend({ ...stores, keyCache });
    const device = await createDevice();
    const { keyId } = await backend.register(await registration(backend, device, 'alice'), { subject: 'alice' });
    const request = (subject?: string) => signedRequest(backend, device, keyId, subject);
    for (const _ of [1, 2]) await backend.authenticate(await request('alice'), { subject: 'alice' });

    await createBackend(stores).forget(keyId);
    const { challenge } = await backend.issueChallenge({ purpose: 'attestation', subject: 'bob' });
    const again = await device.capacitor.createAttestation({ keyId, challenge });
    await createBackend(stores).register(again, { subject: 'bob' });

    for (const subject of ['alice', undefined]) {
      const body = await request('alice');
      const options = subject === undefined ? {} : { subject };
      await expectCode(
        () => backend.authenticate(body, options),
        subject === undefined ? 'challenge_unknown' : 'key_unknown',
      );
    }
    expect((await backend.authenticate(await request('bob'), { subject: 'bob' })).key.subject).toBe('bob');
  });

  it('yields the new registration after it was registered again', async () => {
    const { backend, device, keyId, key, other, request } = await cached();
    await other.forget(keyId);
    await setTimeout(2);
    const { challenge } = await other.issueChallenge({ purpose: 'attestation' });
    await other.register(await device.capacitor.createAttestation({ keyId, challenge }));
    const { key: used } = await backend.authenticate(await request());
    expect(used.createdAt.getTime()).toBeGreaterThan(key.createdAt.getTime());
  });

  it('cannot be used by another user, and by no user if it has none', async () => {
    for (const owner of [undefined, 'alice']) {
      const { backend, keyId, other, request } = await cached();
      if (owner !== undefined) await other.bind(keyId, owner);
      for (const _ of [1, 2]) await backend.authenticate(await request());
      for (const body of [await request(), await request('bob')]) {
        await expectCode(() => backend.authenticate(body, { subject: 'bob' }), 'key_unknown');
      }
    }
  });

  it('cannot be used with a challenge of another user', async () => {
    const { backend, request } = await cached();
    const body = await request('bob');
    await expectCode(() => backend.authenticate(body), 'challenge_unknown');
  });

  it('has extensions if the policy has whenDropped reject: a key without extensions is not cached', async () => {
    const policy = { whenAbsent: 'accept' } as const;
    const twoRounds = [['take', 'find'], ['advance']];
    for (const [os, whenDropped, rounds] of [
      ['iOS 27', 'reject', [...twoRounds, ['take', 'advance']]],
      ['iOS 17.6', 'reject', [...twoRounds, ...twoRounds]],
      ['iOS 17.6', 'accept', [...twoRounds, ['take', 'advance']]],
    ] as const) {
      const stores = memoryStores();
      const { request } = await backendWithDevice(stores, { os });
      const watched = observed(stores);
      const server = createBackend({ keyCache, policy: { ...policy, whenDropped }, ...watched.stores });
      for (const _ of [1, 2]) await server.authenticate(await request());
      expect(watched.rounds).toEqual(rounds);
    }
  });

  it('is read from the store again after ttl seconds, or after max other keys were cached', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const { backend, request, rounds } = await cached({ keyCache: { max: 1, ttl: 10 } });
      const reads = async () => {
        rounds.splice(0);
        await backend.authenticate(await request());
        return rounds.flat().includes('find');
      };
      vi.advanceTimersByTime(9999);
      expect(await reads()).toBe(false);
      vi.advanceTimersByTime(1);
      expect(await reads()).toBe(true);
      expect(await reads()).toBe(false);
      const device = await createDevice();
      const { keyId } = await backend.register(await registration(backend, device));
      await backend.authenticate(await signedRequest(backend, device, keyId));
      expect(await reads()).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });

  it('cannot be changed through a result', async () => {
    const { backend, request } = await cached();
    for (const _ of [1, 2]) {
      const { key } = await backend.authenticate(await request());
      expect(key).toMatchObject({ environment: 'production', device: { platform: 'iphoneos' } });
      Object.assign(key, { subject: 'mallory', publicKey: 'none' });
      key.device.platform = 'other';
      key.createdAt.setTime(0);
    }
    expect((await backend.authenticate(await request())).key.subject).toBeUndefined();
  });
});

it.each([
  null,
  {},
  { max: 100 },
  { ttl: 60 },
  { max: 0, ttl: 60 },
  { max: 1.5, ttl: 60 },
  { max: 10_000_001, ttl: 60 },
  { max: 100, ttl: 0 },
  { max: 100, ttl: 86_401 },
  { max: 100, ttl: 60, size: 5 },
  { max: undefined, ttl: 60 },
  true,
])('createAppAttest rejects %j as keyCache', async (wrong) => {
  await expectCode(() => createBackend({ keyCache: wrong as never }), 'invalid_argument');
});
