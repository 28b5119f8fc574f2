import type { Device } from './device.js';

/** The methods of the plugin `@capgo/capacitor-app-attest` that {@link capacitor} calls. */
export interface AppAttestPlugin {
  /** Whether this device supports attestation. `format` is the kind of evidence, and may be absent on iOS. */
  isSupported(): Promise<{
    /** Whether the device supports attestation. */
    isSupported: boolean;
    /** The kind of evidence. */
    format?: string;
  }>;
  /** Generates a key. */
  prepare(): Promise<{
    /** The key identifier, base64. */
    keyId: string;
  }>;
  /** Lets Apple attest a key. Returns the attestation object, base64. */
  createAttestation(options: { keyId: string; challenge: string }): Promise<{
    /** The attestation object, base64. */
    token: string;
  }>;
  /** Signs a payload. Returns the assertion object, base64. */
  createAssertion(options: { keyId: string; payload: string }): Promise<{
    /** The assertion object, base64. */
    token: string;
  }>;
}

/**
 * Creates a {@link Device} from the Capacitor plugin. On Android and on the web, the plugin creates evidence of other kinds, so
 * `isSupported` of the device returns `false` there.
 *
 * @example
 * ```ts
 * import { AppAttest } from '@capgo/capacitor-app-attest';
 * const device = capacitor(AppAttest);
 * ```
 *
 * @see https://github.com/Cap-go/capacitor-app-attest/blob/main/src/definitions.ts
 */
export function capacitor(plugin: AppAttestPlugin): Device {
  return {
    isSupported: async () => {
      const { isSupported, format = 'apple-app-attest' } = await plugin.isSupported();
      return isSupported && format === 'apple-app-attest';
    },
    generateKey: async () => (await plugin.prepare()).keyId,
    attest: async (keyId, challenge) => (await plugin.createAttestation({ keyId, challenge })).token,
    assert: async (keyId, payload) => (await plugin.createAssertion({ keyId, payload })).token,
  };
}
