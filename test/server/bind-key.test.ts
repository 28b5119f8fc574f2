import { describe, expect, it, vi } from 'vitest';
import { AppAttestError } from '../../src/index.js';
import { memoryStores } from '../../src/server/index.js';
import { backendWithDevice, createBackend, createDevice, registration, signedRequest } from '../support/backend.js';
import { expectCode } from '../support/rejection.js';

describe('a key without a user', () => {
  it('can be bound to a user, and is then accepted only for this user', async () => {
    const { backend, device, keyId, request } = await backendWithDevice();
    await backend.bind(Buffer.from(keyId, 'base64').toString('base64url'), 'alice');
    const { key } = await backend.authenticate(await signedRequest(backend, device, keyId, 'alice'), {
      subject: 'alice',
    });
    expect(key.subject).toBe('alice');
    const [another, challengeOfBob] = [await request(), await signedRequest(backend, device, keyId, 'bob')];
    await expectCode(() => backend.authenticate(another, { subject: 'bob' }), 'key_unknown');
    await expectCode(() => backend.authenticate(challengeOfBob), 'challenge_unknown');
  });

  it('can be bound again to the same user, but never to another user', async () => {
    const { backend, keyId } = await backendWithDevice();
    await backend.bind(keyId, 'alice');
    await backend.bind(keyId, 'alice');
    for (const other of ['bob', 'Alice', 'alice ']) {
      await expectCode(() => backend.bind(keyId, other), 'key_already_registered');
    }
    expect((await backend.key(keyId))?.subject).toBe('alice');
  });

  it('is bound to only one user if bind is called for 200 users at the same time', async () => {
    const { backend, keyId } = await backendWithDevice();
    const users = Array.from({ length: 200 }, (_, index) => `user ${index}`);
    const outcomes = await Promise.allSettled(users.map((user) => backend.bind(keyId, user)));
    const winners = users.filter((_, index) => outcomes[index]?.status === 'fulfilled');
    expect(winners).toEqual([(await backend.key(keyId))?.subject]);
    const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    for (const reason of reasons) {
      expect(reason).toBeInstanceOf(AppAttestError);
      expect(reason.code).toBe('key_already_registered');
    }
    const listed = await Promise.all(users.map((user) => backend.keysOf(user)));
    expect(listed.flat().map((key) => key.keyId)).toEqual([keyId]);
  });
});

describe('bind', () => {
  it('rejects a key that was registered for another user, is revoked or does not exist', async () => {
    const backend = createBackend();
    const device = await createDevice();
    const { keyId } = await backend.register(await registration(backend, device, 'alice'), { subject: 'alice' });
    await expectCode(() => backend.bind(keyId, 'bob'), 'key_already_registered');
    await backend.revoke(keyId);
    await expectCode(() => backend.bind(keyId, 'alice'), 'key_revoked');
    await expectCode(() => backend.bind(keyId, 'bob'), 'key_revoked');
    await backend.forget(keyId);
    const error = await expectCode(() => backend.bind(keyId, 'alice'), 'key_unknown');
    expect(error.message).toBe('the key is not registered');
  });

  it('rejects a malformed key identifier without a call to the store', async () => {
    const stores = memoryStores();
    const bind = vi.spyOn(stores.keys, 'bind');
    const backend = createBackend(stores);
    for (const keyId of ['', 'key', 'x'.repeat(100_000), 7 as never, null as never]) {
      const error = await expectCode(() => backend.bind(keyId, 'alice'), 'key_unknown');
      expect(error.message).toContain('is not a key identifier');
    }
    expect(bind).not.toHaveBeenCalled();
  });

  it('rejects a missing or invalid user', async () => {
    const { backend, keyId } = await backendWithDevice();
    for (const subject of [undefined, null, '', 7, 'a\0b', '\ud800', 'x'.repeat(1025), ['alice']]) {
      await expectCode(() => backend.bind(keyId, subject as never), 'invalid_argument');
    }
    expect(await backend.key(keyId)).not.toHaveProperty('subject');
  });

  it('succeeds only if bind of the store returns true', async () => {
    const stores = memoryStores();
    const { backend, keyId } = await backendWithDevice(stores);
    for (const answer of [undefined, null, 1, false]) {
      vi.spyOn(stores.keys, 'bind').mockResolvedValue(answer as never);
      await expectCode(() => backend.bind(keyId, 'alice'), 'key_already_registered');
    }
  });
});
