import { describe, expect, it } from 'vitest';
import {
  attestedAgain,
  backendWithDevice,
  createBackend,
  createDevice,
  registration,
  signedRequest,
} from '../support/backend.js';
import { expectCode } from '../support/rejection.js';

describe('a key that was deleted with forget', () => {
  it('is unknown: its requests are rejected, and its receipt is deleted', async () => {
    const { backend, keyId, request } = await backendWithDevice();
    const body = await request();
    expect(await backend.forget(Buffer.from(keyId, 'base64').toString('base64url'))).toBe(true);
    await expectCode(() => backend.authenticate(body), 'key_unknown');
    expect(await backend.key(keyId)).toBeUndefined();
    expect(await backend.receipt(keyId)).toBeUndefined();
    await expectCode(() => backend.revoke(keyId), 'key_unknown');
    expect(await backend.forget(keyId)).toBe(false);
  });

  it('can be registered again for another user with a new attestation, but not with the old attestation', async () => {
    const backend = createBackend();
    const device = await createDevice();
    const first = await registration(backend, device, 'alice');
    const { keyId } = await backend.register(first, { subject: 'alice' });
    await backend.authenticate(await signedRequest(backend, device, keyId));
    await backend.revoke(keyId);
    await backend.forget(keyId);

    await expectCode(() => backend.register(first, { subject: 'alice' }), 'challenge_used');
    expect(await backend.key(keyId)).toBeUndefined();
    const { challenge } = await backend.issueChallenge({ purpose: 'attestation' });
    await expectCode(() => backend.register({ ...first, challenge }), 'nonce_mismatch');

    const again = await backend.register(await attestedAgain(backend, device, keyId), { subject: 'bob' });
    expect(again).toMatchObject({ keyId, counter: 0, subject: 'bob' });
    expect(again).not.toHaveProperty('revokedAt');
    expect((await backend.authenticate(await signedRequest(backend, device, keyId))).key.counter).toBe(2);
    expect(await backend.keysOf('alice')).toEqual([]);
  });

  it('is reported as deleted by only one of 200 simultaneous calls', async () => {
    const { backend, keyId } = await backendWithDevice();
    const results = await Promise.all(Array.from({ length: 200 }, () => backend.forget(keyId)));
    expect(results.filter(Boolean)).toEqual([true]);
  });
});

it('forget and receipt find no key for a malformed or unknown key identifier', async () => {
  const { backend } = await backendWithDevice();
  for (const keyId of ['', 'key', 'A'.repeat(43), 'x'.repeat(100_000), 7 as never, null as never]) {
    expect(await backend.forget(keyId)).toBe(false);
    expect(await backend.receipt(keyId)).toBeUndefined();
  }
});
