import { createHash } from 'node:crypto';
import {
  type ExplainAssertionOptions,
  type ExplainAttestationOptions,
  explainAssertion,
  explainAttestation,
  verifyAttestation,
} from '../../../src/index.js';
import { createVirtualApple, type VirtualDeviceOptions } from '../../../src/testing/index.js';
import { attestationFixture, attestationOptions } from '../../support/recordings.js';

export const APP_ID = 'TEAMID1234.com.example.app';
export const CHALLENGE = 'kT9+vZ0q/4mPZ1xW8sYh2g==';

export const apple = await createVirtualApple();
const { trustAnchors } = apple;

export function sha256(data: string | Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(data).digest());
}

/** Creates a virtual device with an attested key. The operating system is iOS 27 by default. */
export async function deviceWithKey(options: Partial<VirtualDeviceOptions> = {}) {
  const device = await apple.createDevice({ appId: APP_ID, ...options });
  const keyId = await device.generateKey();
  const attestation = await device.attestKey(keyId, sha256(CHALLENGE));
  return { device, keyId, attestation };
}

/** Options with which `verifyAttestation` accepts a recorded attestation. */
export const recorded = attestationOptions(attestationFixture('node-app-attest-production'));

const { device, keyId, attestation } = await deviceWithKey();
const options = { attestation, keyId, challenge: CHALLENGE, appId: APP_ID, trustAnchors };
const { publicKey } = await verifyAttestation({ ...options, environment: 'production' });
export const key = { device, keyId, attestation, publicKey };

/** Explains an attestation of a virtual device with changed options. Without changes, the attestation is accepted. */
export function attestationWith(changes: Partial<ExplainAttestationOptions>) {
  return explainAttestation({ ...options, ...changes });
}

/** Explains an attestation for which the app passed `clientDataHash` to the device. */
export async function attestationFor(clientDataHash: Uint8Array, changes: Partial<ExplainAttestationOptions> = {}) {
  const newKeyId = await device.generateKey();
  const made = await device.attestKey(newKeyId, clientDataHash);
  return attestationWith({ attestation: made, keyId: newKeyId, ...changes });
}

export const PAYLOAD = 'POST /api/orders?item=2&count=1\nc3VwZXI\n{"name":"a/b","count":1}';

/** Explains an assertion for which the app passed `clientDataHash` to the device. */
export async function assertionFor(clientDataHash: Uint8Array, changes: Partial<ExplainAssertionOptions> = {}) {
  const assertion = await device.generateAssertion(keyId, clientDataHash);
  return explainAssertion({ assertion, publicKey, payload: PAYLOAD, appId: APP_ID, counter: 0, ...changes });
}

/** Explains an assertion for which the app signed the payload `signed`, but the server verifies the payload `verified`. */
export function signedInstead(signed: string | Uint8Array, verified: string | Uint8Array = PAYLOAD) {
  return assertionFor(sha256(signed), { payload: verified });
}
