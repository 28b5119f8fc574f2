import { verifyAssertion, verifyAttestation } from 'app-attest';
import { createVirtualApple } from 'app-attest/testing';
import { expect, test } from 'vitest';

const appId = 'TEAMID1234.com.example.app';
const apple = await createVirtualApple(); // its root certificate is trusted only in this test
const { trustAnchors } = apple;

test('a device registers a key, and its request is accepted once', async () => {
  const device = await apple.createDevice({ appId, os: 'iOS 27' });
  const { keyId } = await device.capacitor.prepare();

  // Registration: your backend issues the challenge. The app sends the result of the plugin.
  const challenge = 'a one-time challenge';
  const { token: attestation } = await device.capacitor.createAttestation({ keyId, challenge });
  const key = await verifyAttestation({ attestation, keyId, challenge, appId, trustAnchors });
  expect(key.device.osVersion).toBe('27.0');

  // A protected request: the same key signs a payload that contains a new challenge.
  const payload = JSON.stringify({ challenge: 'another one', amount: 12 });
  const { token: assertion } = await device.capacitor.createAssertion({ keyId, payload });
  const request = { assertion, publicKey: key.publicKey, payload, appId };
  const { counter } = await verifyAssertion({ ...request, counter: key.counter });

  await expect(verifyAssertion({ ...request, counter })).rejects.toMatchObject({ code: 'counter_not_increased' });
});
