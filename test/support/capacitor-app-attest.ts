import type { VirtualDevice } from '../../src/testing/index.js';

/**
 * The part of `@capgo/capacitor-app-attest` that `examples/app.ts` uses, on a virtual device.
 *
 * @see https://github.com/Cap-go/capacitor-app-attest/blob/main/src/definitions.ts
 */
class AppAttestOnVirtualDevice {
  #device: VirtualDevice | undefined;
  #keyId: string | null = null;

  /** Starts a freshly installed app on a device. */
  install(device: VirtualDevice): void {
    this.#device = device;
    this.#keyId = null;
  }

  async isSupported(): Promise<{ isSupported: boolean; format?: string }> {
    return { isSupported: true, format: 'apple-app-attest' };
  }

  prepare() {
    return this.#capacitor.prepare();
  }

  createAttestation(options: { keyId: string; challenge: string }) {
    return this.#capacitor.createAttestation(options);
  }

  createAssertion(options: { keyId: string; payload: string }) {
    return this.#capacitor.createAssertion(options);
  }

  async storeKeyId({ keyId }: { keyId: string }): Promise<{ success: boolean }> {
    this.#keyId = keyId;
    return { success: true };
  }

  async clearStoredKeyId(): Promise<{ success: boolean }> {
    this.#keyId = null;
    return { success: true };
  }

  async getStoredKeyId(): Promise<{ keyId: string | null; hasStoredKey: boolean }> {
    return { keyId: this.#keyId, hasStoredKey: this.#keyId !== null };
  }

  get #capacitor() {
    if (!this.#device) throw new Error('call install() with a virtual device first');
    return this.#device.capacitor;
  }
}

export const AppAttest = new AppAttestOnVirtualDevice();
