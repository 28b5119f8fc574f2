import { describe, expect, it, vi } from 'vitest';
import { memoryStores } from '../../src/server/index.js';
import {
  attestedAgain,
  createBackend,
  createDevice,
  registration,
  signedRequest,
  TestClock,
} from '../support/backend.js';
import { expectCode } from '../support/rejection.js';

describe('a key', () => {
  it.each([{ subject: 'alice' }, {}])('that is attested again for the same user %o does not change', async (user) => {
    const clock = new TestClock();
    const backend = createBackend({ now: clock.now, counterWindow: 64 });
    const device = await createDevice();
    const { keyId } = await backend.register(await registration(backend, device), user);
    const { key } = await backend.authenticate(await signedRequest(backend, device, keyId));
    clock.forward(60);

    const again = await attestedAgain(backend, device, keyId);
    expect(await backend.register(again, user)).toEqual({ ...key, counter: 1 });
    expect(await backend.key(keyId)).toEqual({ ...key, counter: 1 });
    await expectCode(() => backend.register(again, user), 'challenge_used');
    expect((await backend.authenticate(await signedRequest(backend, device, keyId))).key.counter).toBe(2);
  });

  it('that is attested again is verified like a new key', async () => {
    const backend = createBackend();
    const device = await createDevice();
    const { keyId } = await backend.register(await registration(backend, device));
    device.misbehave({ wrongNonce: true });
    const wrong = await attestedAgain(backend, device, keyId);
    await expectCode(() => backend.register(wrong), 'nonce_mismatch');
    device.misbehave({ expiredCertificate: true });
    const expired = await attestedAgain(backend, device, keyId);
    await expectCode(() => backend.register(expired), 'certificate_expired');
  });

  it.each([
    ['without a user', {}, { subject: 'thief' }, 'without a user. To set its user, call bind'],
    ['of a user', { subject: 'alice' }, { subject: 'thief' }, 'for another user'],
    ['of a user', { subject: 'alice' }, {}, 'for another user'],
  ])('%s cannot be registered again with other options: first %o, then %o', async (_, first, second, owner) => {
    const backend = createBackend();
    const device = await createDevice();
    const key = await backend.register(await registration(backend, device), first);
    const again = await attestedAgain(backend, device, key.keyId);
    const { message } = await expectCode(() => backend.register(again, second), 'key_already_registered');
    expect(message).toBe(`the key is registered ${owner}`);
    expect(await backend.key(key.keyId)).toEqual(key);
  });

  it('is treated as a key without a user if the store returns a null subject', async () => {
    const stores = memoryStores();
    const device = await createDevice();
    const backend = createBackend(stores);
    const key = await backend.register(await registration(backend, device));
    vi.spyOn(stores.keys, 'find').mockResolvedValue(Object.assign({}, key, { subject: null }));
    expect(await backend.register(await attestedAgain(backend, device, key.keyId))).toMatchObject({ keyId: key.keyId });
  });

  it('is not confused with another key that find of the store returns', async () => {
    const stores = memoryStores();
    const device = await createDevice();
    const backend = createBackend(stores);
    const key = await backend.register(await registration(backend, device));
    vi.spyOn(stores.keys, 'find').mockResolvedValue({ ...key, keyId: key.keyId.toLowerCase() });
    const again = await attestedAgain(backend, device, key.keyId);
    await expectCode(() => backend.register(again), 'key_already_registered');
  });

  it('that was deleted while it was attested again is not reported as a key of another user', async () => {
    const stores = memoryStores();
    const device = await createDevice();
    const backend = createBackend(stores);
    const { keyId } = await backend.register(await registration(backend, device));
    vi.spyOn(stores.keys, 'find').mockResolvedValue(undefined);
    const again = await attestedAgain(backend, device, keyId);
    const { message } = await expectCode(() => backend.register(again), 'key_already_registered');
    expect(message).toBe('insert found a key with this keyId in the store, but find did not return it');
  });

  it.each([
    ['environment_mismatch', { environment: 'development' }],
    ['app_id_mismatch', { appId: 'TEAMID1234.com.example.dropped' }],
  ] as const)(
    'that the server no longer accepts is rejected with the code %s, in requests and in registrations',
    async (code, changed) => {
      const stores = memoryStores();
      const device = await createDevice();
      const backend = createBackend(stores);
      const key = await backend.register(await registration(backend, device));
      vi.spyOn(stores.keys, 'find').mockResolvedValue({ ...key, ...changed });
      const request = await signedRequest(backend, device, key.keyId);
      await expectCode(() => backend.authenticate(request), code);
      const again = await attestedAgain(backend, device, key.keyId);
      await expectCode(() => backend.register(again), code);
    },
  );

  it('is reported as revoked only if revoke of the store returns true', async () => {
    const stores = memoryStores();
    const backend = createBackend(stores);
    const { keyId } = await backend.register(await registration(backend, await createDevice()));
    for (const answer of [undefined, null, 1, false]) {
      vi.spyOn(stores.keys, 'revoke').mockResolvedValue(answer as never);
      await expectCode(() => backend.revoke(keyId), 'key_unknown');
    }
  });

  it('is inserted by only one of two simultaneous registrations, but both registrations succeed', async () => {
    const stores = memoryStores();
    const insert = vi.spyOn(stores.keys, 'insert');
    const backend = createBackend(stores);
    const device = await createDevice();
    const first = await registration(backend, device);
    const second = await attestedAgain(backend, device, first.keyId);
    const [one, other] = await Promise.all([backend.register(first), backend.register(second)]);
    expect(one).toEqual(other);
    expect(await Promise.all(insert.mock.results.map(({ value }) => value))).toEqual([true, false]);
  });

  it('that was revoked stays revoked', async () => {
    const clock = new TestClock();
    const backend = createBackend({ now: clock.now });
    const device = await createDevice();
    const body = await registration(backend, device);
    await backend.register(body);
    await backend.revoke(Buffer.from(body.keyId, 'base64').toString('base64url'));
    expect((await backend.key(body.keyId))?.revokedAt).toEqual(clock.now());

    const again = await attestedAgain(backend, device, body.keyId);
    await expectCode(() => backend.register(again), 'key_revoked');
    const request = await signedRequest(backend, device, body.keyId);
    await expectCode(() => backend.authenticate(request), 'key_revoked');
  });

  it('that does not exist can neither be found nor revoked', async () => {
    const backend = createBackend();
    for (const keyId of [
      await (await createDevice()).generateKey(),
      '',
      'key',
      'x'.repeat(100_000),
      7 as never,
      null as never,
    ]) {
      expect(await backend.key(keyId)).toBeUndefined();
      const error = await expectCode(() => backend.revoke(keyId), 'key_unknown');
      if (error.message !== 'the key is not registered') expect(error.message).toMatch('is not a key identifier');
    }
  });
});
