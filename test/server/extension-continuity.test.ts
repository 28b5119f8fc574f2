import { describe, expect, it } from 'vitest';
import type { ExtensionPolicy } from '../../src/index.js';
import { backendWithDevice, createBackend, createDevice, registration, signedRequest } from '../support/backend.js';
import { expectCode } from '../support/rejection.js';

describe('extensions that a key once had', () => {
  const dropped = async (policy?: ExtensionPolicy) => {
    const { backend, device, request } = await backendWithDevice(policy && { policy });
    await backend.authenticate(await request());
    device.misbehave({ olderSdk: true });
    return { backend, body: await request() };
  };

  it('may be missing without a policy, or with a policy that accepts this', async () => {
    for (const policy of [undefined, { validationCategories: [4], whenDropped: 'accept' } as const]) {
      const { backend, body } = await dropped(policy);
      expect((await backend.authenticate(body)).key.counter).toBe(2);
    }
  });

  it.each([
    { whenAbsent: 'accept' },
    { whenDropped: 'reject' },
    { validationCategories: [4], whenAbsent: 'accept', whenDropped: 'reject' },
    { whenAbsent: 'reject', whenDropped: 'accept' },
  ] as const)('must not be missing with the policy %o', async (policy) => {
    const { backend, body } = await dropped(policy);
    await expectCode(() => backend.authenticate(body), 'extension_missing');
  });

  it('must not be missing if the key had them at registration', async () => {
    const { backend, device, request } = await backendWithDevice({ policy: {} });
    await backend.authenticate(await request());
    device.misbehave({ olderSdk: true });
    const body = await request();
    await expectCode(() => backend.authenticate(body), 'extension_missing');
    expect((await backend.key(body.keyId))?.counter).toBe(1);
  });

  it('must not be missing if the key had them first at a later request', async () => {
    const backend = createBackend({ policy: {} });
    const device = await createDevice();
    device.misbehave({ olderSdk: true });
    const { keyId } = await backend.register(await registration(backend, device));
    const request = () => signedRequest(backend, device, keyId);
    await backend.authenticate(await request());
    expect(await backend.key(keyId)).not.toHaveProperty('extensions');

    device.misbehave({});
    const { key } = await backend.authenticate(await request());
    expect(key.extensions).toEqual({ validationCategory: 4, bundleVersion: '1' });
    expect(await backend.key(keyId)).toEqual(key);

    device.misbehave({ olderSdk: true });
    const body = await request();
    await expectCode(() => backend.authenticate(body), 'extension_missing');
  });

  it('are not required of a key that never had any', async () => {
    const { backend, request } = await backendWithDevice({}, { os: 'iOS 26' });
    await backend.authenticate(await request());
    await backend.authenticate(await request());
  });
});
