import { describe, expect, it, vi } from 'vitest';
import { newKey } from '../../src/conformance/new-key.js';
import { memoryStores, type StoredKey } from '../../src/server/index.js';
import { createBackend, createDevice, registration, signedRequest, TestClock } from '../support/backend.js';
import { expectCode } from '../support/rejection.js';

/** Creates a backend with `count` keys of alice, one key of bob, and one key without a user. */
async function backendWithKeys(count: number) {
  const clock = new TestClock();
  const stores = memoryStores();
  const backend = createBackend({ ...stores, now: clock.now });
  const keys = Array.from({ length: count }, () => newKey({ subject: 'alice', receipt: Uint8Array.of(1) }));
  const ofBob = newKey({ subject: 'bob' });
  for (const key of [...keys, ofBob, newKey()]) await stores.keys.insert(key);
  const ids = keys.map(({ keyId }) => keyId).toSorted();
  return { backend, stores, clock, ids, ofBob };
}

const idsOf = (keys: readonly StoredKey[]) => keys.map(({ keyId }) => keyId);

describe('keysOf', () => {
  it('returns the keys of a user in pages, including revoked keys', async () => {
    const { backend, ids, clock } = await backendWithKeys(250);
    await backend.revoke(ids[0] ?? '');
    const first = await backend.keysOf('alice');
    expect(idsOf(first)).toEqual(ids.slice(0, 100));
    expect(first[0]?.revokedAt).toEqual(clock.now());
    expect(first[0]).not.toHaveProperty('receipt');
    const second = await backend.keysOf('alice', { after: ids[99], limit: undefined });
    expect(idsOf(second)).toEqual(ids.slice(100, 200));
    const url = Buffer.from(ids[199] ?? '', 'base64').toString('base64url');
    expect(idsOf(await backend.keysOf('alice', { after: url }))).toEqual(ids.slice(200));
    expect(await backend.keysOf('alice', { after: ids[249] })).toEqual([]);
    expect(idsOf(await backend.keysOf('alice', { limit: 1 }))).toEqual(ids.slice(0, 1));
    expect(idsOf(await backend.keysOf('alice', { limit: 1000, after: undefined }))).toEqual(ids);
  });

  it('returns an empty list for a user without keys', async () => {
    const { backend } = await backendWithKeys(1);
    for (const user of ['Alice', 'alice ', 'carol']) expect(await backend.keysOf(user)).toEqual([]);
  });

  it('returns the same key as authenticate', async () => {
    const backend = createBackend();
    const device = await createDevice();
    const { keyId } = await backend.register(await registration(backend, device), { subject: 'alice' });
    const { key } = await backend.authenticate(await signedRequest(backend, device, keyId));
    expect(await backend.keysOf('alice')).toEqual([key]);
  });

  it.each([
    { limit: 0 },
    { limit: 1001 },
    { limit: 1.5 },
    { limit: Number.NaN },
    { limit: '10' },
    { limit: null },
    { after: 'key' },
    { after: '' },
    { after: null },
    { after: 7 },
    { offset: 1 },
    null,
    'alice',
  ])('rejects the options %j', async (options) => {
    const { backend } = await backendWithKeys(1);
    await expectCode(() => backend.keysOf('alice', options as never), 'invalid_argument');
  });
});

describe('revokeAll', () => {
  it('revokes all keys of a user, and counts the keys that were not revoked before', async () => {
    const { backend, clock, ids, ofBob } = await backendWithKeys(5);
    const before = clock.now();
    await backend.revoke(ids[0] ?? '');
    clock.forward(60);
    expect(await backend.revokeAll('alice')).toBe(4);
    const revoked = (await backend.keysOf('alice')).map(({ revokedAt }) => revokedAt);
    expect(revoked).toEqual([before, ...Array(4).fill(clock.now())]);
    expect(await backend.key(ofBob.keyId)).not.toHaveProperty('revokedAt');
    expect(await backend.revokeAll('alice')).toBe(0);
    expect(await backend.revokeAll('carol')).toBe(0);
  });

  it('makes the server reject requests with the keys of the user', async () => {
    const backend = createBackend();
    const device = await createDevice();
    const { keyId } = await backend.register(await registration(backend, device), { subject: 'alice' });
    const request = await signedRequest(backend, device, keyId);
    await backend.revokeAll('alice');
    await expectCode(() => backend.authenticate(request), 'key_revoked');
  });
});

describe('forgetAll', () => {
  it('deletes all keys of a user with their receipts, including revoked keys', async () => {
    const { backend, ids, ofBob } = await backendWithKeys(5);
    await backend.revoke(ids[0] ?? '');
    expect(await backend.forgetAll('alice')).toBe(5);
    expect(await backend.keysOf('alice')).toEqual([]);
    for (const keyId of ids) {
      expect(await backend.key(keyId)).toBeUndefined();
      expect(await backend.receipt(keyId)).toBeUndefined();
    }
    expect(await backend.key(ofBob.keyId)).toBeDefined();
    expect(await backend.forgetAll('alice')).toBe(0);
  });
});

const OVER_ALL_KEYS = [
  ['revokeAll', 'revoke'],
  ['forgetAll', 'remove'],
] as const;

describe.each(OVER_ALL_KEYS)('%s', (method, change) => {
  it('changes all keys of a user, even if they do not fit on one page', async () => {
    const { backend, stores } = await backendWithKeys(2500);
    expect(await backend[method]('alice')).toBe(2500);
    const left = await stores.keys.list('alice', { limit: 1000 });
    expect(left.filter(({ revokedAt }) => !revokedAt)).toEqual([]);
  });

  it('includes keys that are registered while it runs, regardless of their identifiers', async () => {
    const { backend, stores, ids } = await backendWithKeys(20);
    const { [change]: original } = stores.keys;
    const late: string[] = [];
    vi.spyOn(stores.keys, change).mockImplementation(async (keyId: string) => {
      if (late.length < 10) {
        const key = newKey({ subject: 'alice' });
        late.push(key.keyId);
        await stores.keys.insert(key);
      }
      return original.call(stores.keys, keyId);
    });
    expect(await backend[method]('alice')).toBe(30);
    for (const keyId of [...ids, ...late]) {
      const key = await backend.key(keyId);
      expect(key === undefined || key.revokedAt !== undefined).toBe(true);
    }
  });

  it('does not count keys that were removed from the store after they were listed', async () => {
    const { backend, stores } = await backendWithKeys(3);
    const { [change]: original } = stores.keys;
    vi.spyOn(stores.keys, change).mockImplementationOnce(async (keyId: string) => {
      await stores.keys.remove(keyId);
      return original.call(stores.keys, keyId);
    });
    expect(await backend[method]('alice')).toBe(2);
  });

  it('changes no key of another user, even if the store lists it by mistake', async () => {
    const { backend, stores, ids, ofBob } = await backendWithKeys(3);
    const { list } = stores.keys;
    vi.spyOn(stores.keys, 'list').mockImplementation(async (subject, page) => {
      return [...(await list.call(stores.keys, subject, page)), ofBob];
    });
    expect(idsOf(await backend.keysOf('alice'))).toEqual(ids);
    expect(await backend[method]('alice')).toBe(3);
    expect(await backend.key(ofBob.keyId)).not.toHaveProperty('revokedAt');
    expect(await backend.key(ofBob.keyId)).toBeDefined();
  });

  it('changes no key that was registered for another user after it was listed', async () => {
    const { backend, stores, ids } = await backendWithKeys(3);
    const [keyId = ''] = ids;
    const receipt = Uint8Array.of(2);
    const { receipt: _, ...ofBob } = newKey({ keyId, subject: 'bob' });
    const { list } = stores.keys;
    vi.spyOn(stores.keys, 'list').mockImplementationOnce(async (subject, page) => {
      const listed = await list.call(stores.keys, subject, page);
      expect(await backend.forget(keyId)).toBe(true);
      expect(await stores.keys.insert({ ...ofBob, receipt })).toBe(true);
      return listed;
    });
    expect(await backend[method]('alice')).toBe(2);
    expect(await backend.key(keyId)).toEqual(ofBob);
    expect(await backend.receipt(keyId)).toEqual(receipt);
  });

  it('throws an error if list of the store ignores the argument after', async () => {
    const { backend, stores } = await backendWithKeys(1000);
    const page = await stores.keys.list('alice', { limit: 1000 });
    vi.spyOn(stores.keys, 'list').mockResolvedValue(page);
    await expect(backend[method]('alice')).rejects.toThrow('out of order');
  });

  it('throws an error if the store still lists keys as unchanged after it reported a change', async () => {
    const { backend, stores } = await backendWithKeys(3);
    vi.spyOn(stores.keys, 'list').mockResolvedValue(await stores.keys.list('alice', { limit: 1000 }));
    vi.spyOn(stores.keys, change).mockResolvedValue(true);
    await expect(backend[method]('alice')).rejects.toThrow('after 100 passes');
  });

  it('leaves no valid key if it is called 200 times at the same time', async () => {
    const { backend } = await backendWithKeys(20);
    await Promise.all(Array.from({ length: 200 }, () => backend[method]('alice')));
    expect((await backend.keysOf('alice')).filter(({ revokedAt }) => !revokedAt)).toEqual([]);
  });
});

it.each(['keysOf', 'revokeAll', 'forgetAll'] as const)('%s rejects a missing or invalid user', async (method) => {
  const { backend, ids } = await backendWithKeys(2);
  for (const subject of [undefined, null, '', 7, 'a\0b', '\ud800', 'x'.repeat(1025), {}]) {
    await expectCode(() => backend[method](subject as never), 'invalid_argument');
  }
  expect(idsOf(await backend.keysOf('alice'))).toEqual(ids);
});
