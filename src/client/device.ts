/**
 * App Attest on the device. {@link capacitor} and {@link expo} create a `Device` from a plugin. To use another plugin, implement
 * the four methods.
 *
 * If App Attest fails, the promise of a method rejects with the error of the plugin. The client recognizes three cases of Apple's
 * `DCError` in the properties `code` and `message` of this error: by the text `invalidKey`, `serverUnavailable` or
 * `featureUnsupported`, or by the error domain and the number, such as `com.apple.devicecheck.error 3`.
 *
 * @see https://developer.apple.com/documentation/devicecheck/dcappattestservice
 */
export interface Device {
  /** Whether this device supports App Attest. */
  isSupported(): Promise<boolean>;
  /** Generates a key. Returns the key identifier, base64. */
  generateKey(): Promise<string>;
  /**
   * Calls `attestKey` with the SHA-256 hash of the UTF-8 bytes of the challenge. Returns the attestation object, base64 or
   * base64url.
   */
  attest(keyId: string, challenge: string): Promise<string>;
  /**
   * Calls `generateAssertion` with the SHA-256 hash of the UTF-8 bytes of the payload. Returns the assertion object, base64 or
   * base64url.
   */
  assert(keyId: string, payload: string): Promise<string>;
}
