import { expect, it } from 'vitest';
import { capacitor } from '../../src/client/index.js';
import { verifyAssertion, verifyAttestation } from '../../src/index.js';
import { createVirtualApple } from '../../src/testing/index.js';
import { expectCode } from '../support/rejection.js';

const appId = 'TEAMID1234.com.example.app';
const apple = await createVirtualApple();
const { trustAnchors } = apple;

it('the property capacitor of a virtual device creates valid evidence in the JSON format of the plugin', async () => {
  const { capacitor } = await apple.createDevice({ appId });
  const prepared = await capacitor.prepare();
  expect(prepared).toEqual({ platform: 'ios', format: 'apple-app-attest', keyId: expect.any(String) });
  expect(Object.keys(prepared)).toEqual(['platform', 'format', 'keyId']);
  const { keyId } = prepared;

  const challenge = 'grüße 🔑';
  const registration = await capacitor.createAttestation({ keyId, challenge });
  expect(Object.keys(registration)).toEqual(['platform', 'format', 'token', 'keyId', 'challenge']);
  const key = await verifyAttestation({ attestation: registration.token, keyId, challenge, appId, trustAnchors });

  const payload = '{"amount":12,"currency":"€"}';
  const assertion = await capacitor.createAssertion({ keyId, payload });
  expect(Object.keys(assertion)).toEqual(['platform', 'format', 'token', 'keyId', 'payload']);
  const { publicKey, counter } = key;
  expect(await verifyAssertion({ assertion: assertion.token, publicKey, payload, appId, counter })).toEqual({
    counter: 1,
    appId,
    extensions: key.extensions,
  });
});

it('the property capacitor of a virtual device has the legacy methods of the plugin, with the legacy field names', async () => {
  const { capacitor } = await apple.createDevice({ appId });
  const { keyId } = await capacitor.generateKey();
  const registration = await capacitor.attestKey({ keyId, challenge: 'challenge' });
  expect(registration.attestation).toBe(registration.token);
  expect(Object.keys(registration)).toEqual(['platform', 'format', 'token', 'keyId', 'challenge', 'attestation']);
  const assertion = await capacitor.generateAssertion({ keyId, payload: 'payload' });
  expect(assertion.assertion).toBe(assertion.token);
});

it.each([
  ['createAttestation', { keyId: 'a' }, 'challenge of createAttestation must be text, not undefined'],
  ['createAttestation', { challenge: 'a' }, 'keyId of createAttestation must be text, not undefined'],
  ['createAttestation', { keyId: 'a', challenge: 5 }, 'challenge of createAttestation must be text, not 5'],
  ['createAssertion', { keyId: 'a' }, 'payload of createAssertion must be text, not undefined'],
  ['createAssertion', { payload: 'a' }, 'keyId of createAssertion must be text, not undefined'],
  ['createAssertion', { keyId: 'a', paylod: 'a' }, 'createAssertion has no option "paylod"'],
  ['attestKey', { keyId: 'a' }, 'challenge of createAttestation must be text, not undefined'],
  ['generateAssertion', undefined, 'the options of createAssertion must be a plain object'],
] as const)('%s rejects %o', async (method, options, message) => {
  const { capacitor } = await apple.createDevice({ appId });
  const call = capacitor[method].bind(capacitor) as (options: unknown) => Promise<unknown>;
  expect((await expectCode(() => call(options), 'invalid_argument')).message).toBe(message);
});

it('the property capacitor of a virtual device can be the plugin of the client for apps', async () => {
  const { capacitor: plugin } = await apple.createDevice({ appId });
  expect(await plugin.isSupported()).toEqual({ platform: 'ios', format: 'apple-app-attest', isSupported: true });
  const device = capacitor(plugin);
  expect(await device.isSupported()).toBe(true);
  const keyId = await device.generateKey();
  const attestation = await device.attest(keyId, 'challenge');
  expect(await verifyAttestation({ attestation, keyId, challenge: 'challenge', appId, trustAnchors })).toMatchObject({
    appId,
  });
});
