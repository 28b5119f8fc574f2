/** `DCAppAttestService` of Apple's DeviceCheck framework, as an app or the plugin calls it on a device. */
export interface AppAttestService {
  /** Generates a key. Returns its identifier, base64. */
  generateKey(): Promise<string>;
  /** Returns the attestation object. */
  attestKey(keyId: string, clientDataHash: Uint8Array): Promise<Uint8Array>;
  /** Returns the assertion object. */
  generateAssertion(keyId: string, clientDataHash: Uint8Array): Promise<Uint8Array>;
}
