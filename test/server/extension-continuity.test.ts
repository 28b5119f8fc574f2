import { describe, expect, it } from 'vitest';
import type { ExtensionPolicy } from '../../src/index.js';
import { backendWithDevice, createBackend, createDevice, registration, signedRequest } from '../support/backend.js';
import { expectCode } from '../support/rejection.js';

describe('a request without extensions', () => {
  const dropped = async (policy?: ExtensionPolicy) => {
    const { backend, device, request } = await backendWithDevice(policy && { policy });
    await backend.authenticate(await request());
    device.misbehave({ olderSdk: true });
    return { backend, body: await request() };
  };

  it('is accepted without a policy or with whenDropped accept, even if an earlier request of the key had extensions', async () => {
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
  ] as const)('is rejected with the policy %o if an earlier request of the key had extensions', async (policy) => {
    const { backend, body } = await dropped(policy);
    await expectCode(() => backend.authenticate(body), 'extension_missing');
  });

  it('is rejected with an empty policy if the attestation of the key had extensions', async () => {
    const { backend, device, request } = await backendWithDevice({ policy: {} });
    await backend.authenticate(await request());
    device.misbehave({ olderSdk: true });
    const body = await request();
    await expectCode(() => backend.authenticate(body), 'extension_missing');
    expect((await backend.key(body.keyId))?.counter).toBe(1);
  });

  it('is rejected with an empty policy if a request of the key was the first evidence with extensions', async () => {
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

  it('is accepted with an empty policy if no earlier evidence of the key had extensions', async () => {
    const { backend, request } = await backendWithDevice({}, { os: 'iOS 26' });
    await backend.authenticate(await request());
    await backend.authenticate(await request());
  });
});
