import { expect, it } from 'vitest';
import { verifyAgain } from '../../examples/capsule.js';
import { type Capsule, type Decision, httpHandlers } from '../../src/http/index.js';
import { AppAttestError } from '../../src/index.js';
import type { AppAttestOptions } from '../../src/server/index.js';
import type { VirtualDevice } from '../../src/testing/index.js';
import { createBackend, createDevice, registration, signedRequest } from '../support/backend.js';

/**
 * Registers a device and sends two requests. The mistakes `wrongNonce` and `developmentBuild` affect the registration, and other
 * mistakes affect the second request. `change` may replace the body of the second request. Returns the capsules, converted to
 * JSON and back.
 */
async function capsulesOf(
  options: Partial<AppAttestOptions>,
  misbehave: Parameters<VirtualDevice['misbehave']>[0],
  change: (device: VirtualDevice, body: { keyId: string }) => object | Promise<object> = (_device, body) => body,
): Promise<Capsule[]> {
  const backend = createBackend(options);
  const device = await createDevice();
  const decisions: Decision[] = [];
  const handlers = httpHandlers(backend, { capsules: true, onDecision: (decision) => decisions.push(decision) });
  const post = (body: object) => {
    const headers = { 'content-type': 'application/json' };
    return new Request('http://localhost/', { method: 'POST', headers, body: JSON.stringify(body) });
  };
  if (misbehave.wrongNonce || misbehave.developmentBuild) device.misbehave(misbehave);
  const body = await registration(backend, device);
  if ((await handlers.registration(post(body))).status === 201) {
    await handlers.assertion(post(await signedRequest(backend, device, body.keyId)));
    device.misbehave(misbehave);
    await handlers.assertion(post(await change(device, await signedRequest(backend, device, body.keyId))));
  }
  const capsules = () => decisions.flatMap(({ evidence }) => evidence ?? []);
  await expect.poll(() => capsules().length).toBeGreaterThan(0);
  return JSON.parse(JSON.stringify(capsules()));
}

it.each([
  ['nonce_mismatch', { wrongNonce: true }],
  ['environment_mismatch', { developmentBuild: true }],
  ['counter_not_increased', { standingCounter: true }],
])('the example rejects the evidence in a capsule with the code of the server: %s', async (code, misbehave) => {
  const [capsule] = await capsulesOf({}, misbehave);
  expect(capsule?.code).toBe(code);
  const error = capsule && (await verifyAgain(capsule));
  expect(error).toBeInstanceOf(AppAttestError);
  expect(error?.code).toBe(code);
  expect(error?.message).toBe(capsule?.message);
});

it('the example accepts evidence that the server rejected only because of its challenge', async () => {
  const [capsule] = await capsulesOf({}, {}, (device, { keyId }) => {
    return device.capacitor.createAssertion({ keyId, payload: '{"challenge":"unknown"}' });
  });
  if (!capsule) throw new Error('the handlers made no capsule');
  expect(capsule.code).toBe('challenge_unknown');
  expect(await verifyAgain(capsule)).toBeUndefined();
});

it('the example throws an error if the capsule does not contain all values', async () => {
  const bundleVersions = (version: string) => version === '7';
  const options = { policy: { bundleVersions } };
  const [capsule] = await capsulesOf(options, {});
  if (!capsule) throw new Error('the handlers made no capsule');
  expect(capsule.code).toBe('extension_rejected');
  await expect(verifyAgain(capsule)).rejects.toThrow('not complete');
  const { policy: _, ...others } = capsule;
  expect(await verifyAgain(others)).toBeUndefined();
  await expect(verifyAgain({ ...others, evidence: { sha256: '', length: 1 } })).rejects.toThrow('not complete');
});
