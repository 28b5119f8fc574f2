import { createHash } from 'node:crypto';
import { type AppAttest, type AppAttestOptions, createAppAttest, memoryStores } from '../../src/server/index.js';
import { createVirtualApple, type VirtualDevice, type VirtualDeviceOptions } from '../../src/testing/index.js';

export const appId = 'TEAMID1234.com.example.app';
export const apple = await createVirtualApple();

/** Creates a backend with separate stores in memory. The backend trusts the virtual Apple. */
export function createBackend(options: Partial<AppAttestOptions> = {}): AppAttest {
  return createAppAttest({ appId, trustAnchors: apple.trustAnchors, ...memoryStores(), ...options });
}

export const createDevice = (options: Partial<VirtualDeviceOptions> = {}): Promise<VirtualDevice> => {
  return apple.createDevice({ appId, ...options });
};

/** The body that the Capacitor plugin creates for the registration of a new key. */
export async function registration(backend: AppAttest, device: VirtualDevice, subject?: string) {
  const { challenge } = await backend.issueChallenge({ purpose: 'attestation', ...(subject && { subject }) });
  return device.capacitor.createAttestation({ keyId: await device.generateKey(), challenge });
}

/** The body that the Capacitor plugin creates for another registration of the same key. */
export async function attestedAgain(backend: AppAttest, device: VirtualDevice, keyId: string) {
  const { challenge } = await backend.issueChallenge({ purpose: 'attestation' });
  return device.capacitor.createAttestation({ keyId, challenge });
}

/** The body that the Capacitor plugin creates for a request. The payload is JSON that contains a fresh challenge. */
export async function signedRequest(backend: AppAttest, device: VirtualDevice, keyId: string, subject?: string) {
  const { challenge } = await backend.issueChallenge({ purpose: 'assertion', ...(subject && { subject }) });
  return device.capacitor.createAssertion({ keyId, payload: JSON.stringify({ item: 'coffee', challenge }) });
}

/** A backend with one registered device. */
export async function backendWithDevice(
  options: Partial<AppAttestOptions> = {},
  deviceOptions: Partial<VirtualDeviceOptions> = {},
) {
  const backend = createBackend(options);
  const device = await createDevice(deviceOptions);
  const key = await backend.register(await registration(backend, device));
  const request = () => signedRequest(backend, device, key.keyId);
  return { backend, device, key, keyId: key.keyId, request };
}

export const sha256 = (data: string | Uint8Array): Uint8Array => createHash('sha256').update(data).digest();
export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** A clock that only a test can set. */
export class TestClock {
  time: number;

  constructor(time: string | number = Date.now()) {
    this.time = new Date(time).getTime();
  }

  readonly now = (): Date => new Date(this.time);

  forward(seconds: number): void {
    this.time += seconds * 1000;
  }
}
