import type { Device } from './device.js';

/** The exports of `@expo/app-integrity` that {@link expo} uses, as of version 57. */
export interface AppIntegrityModule {
  /** Whether this device supports App Attest. On Android, the module states `true`. */
  readonly isSupported: boolean;
  /** Generates a key. Returns the key identifier, base64. */
  generateKeyAsync(): Promise<string>;
  /** Lets Apple attest a key. Returns the attestation object, base64. */
  attestKeyAsync(keyId: string, challenge: string): Promise<string>;
  /** Signs a text. Returns the assertion object, base64. */
  generateAssertionAsync(keyId: string, challenge: string): Promise<string>;
}

/**
 * Creates a {@link Device} from the Expo module. On Android, `isSupported` of the module is `true`, although there is no App
 * Attest. An app that also runs on Android must pass `isSupported: false` there.
 *
 * @example
 * ```ts
 * import * as AppIntegrity from '@expo/app-integrity';
 * const device = expo({ ...AppIntegrity, isSupported: Platform.OS === 'ios' && AppIntegrity.isSupported });
 * ```
 *
 * @see https://docs.expo.dev/versions/latest/sdk/app-integrity/
 */
export function expo(module: AppIntegrityModule): Device {
  return {
    isSupported: async () => module.isSupported,
    generateKey: () => module.generateKeyAsync(),
    attest: (keyId, challenge) => module.attestKeyAsync(keyId, challenge),
    assert: (keyId, payload) => module.generateAssertionAsync(keyId, payload),
  };
}
