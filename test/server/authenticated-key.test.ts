import { describe, expect, it, vi } from 'vitest';
import { memoryStores } from '../../src/server/index.js';
import {
  appId,
  backendWithDevice,
  createBackend,
  createDevice,
  registration,
  signedRequest,
} from '../support/backend.js';
import { expectCode, rejectionOf } from '../support/rejection.js';

describe('a user', () => {
  async function aliceAndHerDevice() {
    const backend = createBackend();
    const device = await createDevice();
    const { keyId } = await backend.register(await registration(backend, device, 'alice'), { subject: 'alice' });
    return { backend, request: (subject?: string) => signedRequest(backend, device, keyId, subject) };
  }

  it('can send requests with their own key, with or without a user in the challenge and in the option subject', async () => {
    const { backend, request } = await aliceAndHerDevice();
    await backend.authenticate(await request('alice'), { subject: 'alice' });
    await backend.authenticate(await request(), { subject: 'alice' });
    await backend.authenticate(await request('alice'));
    expect((await backend.authenticate(await request())).key.subject).toBe('alice');
  });

  it('cannot use the key of another user', async () => {
    const { backend, request } = await aliceAndHerDevice();
    const body = await request('bob');
    await expectCode(() => backend.authenticate(body, { subject: 'bob' }), 'key_unknown');
    await expectCode(() => backend.authenticate(body, { subject: 'alice' }), 'challenge_used');
  });

  it('cannot use the challenge of another user', async () => {
    const { backend, request } = await aliceAndHerDevice();
    for (const options of [{ subject: 'alice' }, {}]) {
      const body = await request('bob');
      await expectCode(() => backend.authenticate(body, options), 'challenge_unknown');
    }
  });

  it('cannot use a key that was registered without a user', async () => {
    const { backend, request } = await backendWithDevice();
    const body = await request();
    await expectCode(() => backend.authenticate(body, { subject: 'alice' }), 'key_unknown');
  });
});

describe('a key', () => {
  it('is found only by its complete identifier', async () => {
    const { backend, request } = await backendWithDevice();
    for (const keyId of ['', 'key', 'A'.repeat(10 << 20), '\0', "' OR 1=1 --"]) {
      const body = await request();
      const error = await expectCode(() => backend.authenticate({ ...body, keyId }), 'key_unknown');
      expect(error.message).toContain('keyId is not a key identifier (expected base64 of 32 bytes, got "');
      expect(error.message.length).toBeLessThan(200);
    }
    const body = await request();
    const error = await expectCode(() => backend.authenticate({ ...body, keyId: 'A'.repeat(43) }), 'key_unknown');
    expect(error.message).toBe('the key is not registered');
  });

  it('is rejected if it did not sign the payload', async () => {
    const { backend, request } = await backendWithDevice();
    const { payload, ...rest } = await request();
    await expectCode(
      () => backend.authenticate({ ...rest, payload: payload.replace('coffee', 'gold') }),
      'invalid_signature',
    );
  });

  it('cannot be used with an assertion of another device', async () => {
    const { backend, keyId } = await backendWithDevice();
    const thief = await createDevice();
    const stolen = await backend.register(await registration(backend, thief));
    const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
    const body = await thief.capacitor.createAssertion({ keyId: stolen.keyId, payload: challenge });
    await expectCode(() => backend.authenticate({ ...body, keyId }), 'invalid_signature');
  });

  it('is rejected if it is revoked while a request is verified', async () => {
    const { keys, challenges } = memoryStores();
    const { backend, keyId, request } = await backendWithDevice({
      challenges,
      keys,
    });
    const { advance } = keys;
    vi.spyOn(keys, 'advance').mockImplementation(async (...parameters) => {
      await keys.revoke(keyId);
      return advance.apply(keys, parameters);
    });
    const body = await request();
    await expectCode(() => backend.authenticate(body), 'key_revoked');
    expect((await backend.key(keyId))?.counter).toBe(0);
  });

  it('is rejected if the server no longer accepts its app or its environment', async () => {
    const stores = memoryStores();
    const development = { environment: 'development' } as const;
    const { backend, request } = await backendWithDevice({ ...stores, ...development }, development);
    await backend.authenticate(await request());
    const narrowed = createBackend({ ...stores, environment: 'production' });
    const body = await request();
    await expectCode(() => narrowed.authenticate(body), 'environment_mismatch');

    const other = createBackend({ ...stores, ...development, appId: ['TEAMID1234.com.example.other'] });
    const error = await rejectionOf(async () => other.authenticate(await request()));
    expect(error).toMatchObject({ code: 'app_id_mismatch', actual: appId });
  });

  it('is rejected in a request whose extensions violate the policy', async () => {
    const stores = memoryStores();
    const { request } = await backendWithDevice(stores, { bundleVersion: '1' });
    const strict = createBackend({ ...stores, policy: { bundleVersions: ['2'] } });
    const body = await request();
    await expectCode(() => strict.authenticate(body), 'extension_rejected');
  });
});

describe('a counter', () => {
  it('is rejected if it does not increase', async () => {
    const { backend, device, request } = await backendWithDevice();
    await backend.authenticate(await request());
    device.misbehave({ standingCounter: true });
    const body = await request();
    await expectCode(() => backend.authenticate(body), 'counter_not_increased');
  });

  it('is rejected without a window if it arrives out of order', async () => {
    const { backend, request } = await backendWithDevice();
    const [first, second] = [await request(), await request()];
    await backend.authenticate(second);
    await expectCode(() => backend.authenticate(first), 'counter_not_increased');
  });

  it('is accepted once inside the window if it arrives out of order', async () => {
    const { backend, device, keyId } = await backendWithDevice({ counterWindow: 2 });
    const signed = async () => {
      const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
      return device.capacitor.createAssertion({ keyId, payload: challenge });
    };
    const [one, two, three, four] = [await signed(), await signed(), await signed(), await signed()];
    expect((await backend.authenticate(four)).key.counter).toBe(4);
    expect((await backend.authenticate(two)).key.counter).toBe(4);
    expect((await backend.authenticate(three)).key.counter).toBe(4);
    await expectCode(() => backend.authenticate(one), 'counter_not_increased');

    device.misbehave({ standingCounter: true });
    const again = await signed();
    await expectCode(() => backend.authenticate(again), 'counter_not_increased');
  });
});
