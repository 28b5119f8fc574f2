import { type ClientOptions, createClient, type Device, type Storage } from '../../src/client/index.js';
import type { VirtualDevice } from '../../src/testing/index.js';
import { createDevice } from './backend.js';

/** The paths of the servers in `http-servers.ts`. */
export const PATHS = { challenge: '/challenge', registration: '/registration', session: '/session' };

/** A storage in memory. */
export function memoryStorage(): Storage & { readonly items: Map<string, string> } {
  const items = new Map<string, string>();
  return {
    items,
    get: async (name) => items.get(name) ?? null,
    set: async (name, value) => void items.set(name, value),
    remove: async (name) => void items.delete(name),
  };
}

/** An app on a virtual device, which counts the keys that it made. */
export async function installApp(baseUrl: string, options: Partial<ClientOptions> = {}) {
  const virtual = await createDevice();
  const storage = memoryStorage();
  const made: string[] = [];
  const device = deviceOf(virtual, made);
  const passed = { device, storage, baseUrl, paths: PATHS, ...options };
  return { virtual, device, storage, made, attested: createClient(passed), again: () => createClient(passed) };
}

function deviceOf(virtual: VirtualDevice, made: string[]): Device {
  const { capacitor } = virtual;
  return {
    isSupported: async () => true,
    generateKey: async () => {
      const keyId = await virtual.generateKey();
      made.push(keyId);
      return keyId;
    },
    attest: async (keyId, challenge) => (await capacitor.createAttestation({ keyId, challenge })).token,
    assert: async (keyId, payload) => (await capacitor.createAssertion({ keyId, payload })).token,
  };
}
