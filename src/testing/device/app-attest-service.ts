/** `DCAppAttestService` of Apple's DeviceCheck framework: what an app, or the plugin, calls on a device. */
export interface AppAttestService {
  /** Makes a key, and gives its identifier: base64. */
  generateKey(): Promise<string>;
  /** The attestation object. */
  attestKey(keyId: string, clientDataHash: Uint8Array): Promise<Uint8Array>;
  /** The assertion object. */
  generateAssertion(keyId: string, clientDataHash: Uint8Array): Promise<Uint8Array>;
}
