import type { CborMap } from '../encoding/cbor-map.js';

/**
 * Information about the running app. iOS 27 and later sign this information as part of authenticator data. Each property
 * may be missing. For example, macOS may omit the bundle version. Only apps with the App Attest opt-in entitlement send a
 * code directory hash.
 */
export interface AuthenticatorExtensions {
  /** How the app was signed and launched: a `ValidationCategory`, or a number that Apple adds later. */
  validationCategory?: number;
  /** `CFBundleVersion`, for example `"42"`. */
  bundleVersion?: string;
  /** The app's code directory hash: a SHA-256 hash of 32 bytes, or its first 20 bytes. */
  codeDirectoryHash?: Uint8Array;
}

const Entry = {
  ValidationCategory: 'apple_validation_category_01',
  BundleVersion: 'apple_bundle_version_01',
  CodeDirectoryHash: 'apple_cd_hash_hash_01',
} as const;

/**
 * Decodes the known fields of the extension map. Unknown fields are ignored.
 *
 * @throws DecodingError if a known field has the wrong type
 */
export function readAuthenticatorExtensions(map: CborMap): AuthenticatorExtensions {
  const extensions: AuthenticatorExtensions = {};
  if (map.has(Entry.ValidationCategory)) extensions.validationCategory = map.uint32(Entry.ValidationCategory);
  if (map.has(Entry.BundleVersion)) extensions.bundleVersion = map.text(Entry.BundleVersion);
  if (map.has(Entry.CodeDirectoryHash)) {
    extensions.codeDirectoryHash = new Uint8Array(map.bytes(Entry.CodeDirectoryHash));
  }
  return extensions;
}
