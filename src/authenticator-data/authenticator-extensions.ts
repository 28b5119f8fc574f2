import type { CborMap } from '../encoding/cbor-map.js';

/**
 * Information about the running app that iOS 27 and later sign in authenticator data. Each entry may be missing: macOS may
 * omit the bundle version, and only apps with the opt-in entitlement send a code directory hash.
 */
export interface AuthenticatorExtensions {
  /** How the app was signed and launched: a `ValidationCategory`, or a later number. */
  validationCategory?: number;
  /** `CFBundleVersion`, for example `"42"`. */
  bundleVersion?: string;
  /** The app's code directory hash: 32 bytes of SHA-256, or their first 20. */
  codeDirectoryHash?: Uint8Array;
}

const Entry = {
  ValidationCategory: 'apple_validation_category_01',
  BundleVersion: 'apple_bundle_version_01',
  CodeDirectoryHash: 'apple_cd_hash_hash_01',
} as const;

/**
 * Reads the entries of the extension map. Unknown entries are ignored.
 *
 * @throws DecodingError if a known entry has the wrong type
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
