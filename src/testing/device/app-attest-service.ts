/** The class `DCAppAttestService` of Apple's DeviceCheck framework. An app or a Capacitor plugin calls it on a device. */
export interface AppAttestService {
  /** Generates a key. Returns the key identifier, base64. */
  generateKey(): Promise<string>;
  /** Returns the attestation object. */
  attestKey(keyId: string, clientDataHash: Uint8Array): Promise<Uint8Array>;
  /** Returns the assertion object. */
  generateAssertion(keyId: string, clientDataHash: Uint8Array): Promise<Uint8Array>;
}
