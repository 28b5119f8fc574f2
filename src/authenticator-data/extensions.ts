import { type CborMap, decodeCborMap } from '../cbor/decode-map.js';

/**
 * What iOS 27 and later sign into authenticator data about the running app. Each entry may be missing: macOS may send
 * no bundle version, and only apps with the opt-in entitlement send a code directory hash.
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
 * Decodes what stands behind the fixed part of authenticator data: nothing, or exactly one CBOR map. Entries that are
 * not known are passed over.
 *
 * The position decides, not the ED flag: Apple's published iOS 27 sample has the map without the flag.
 *
 * @throws DecodingError
 */
export function decodeExtensions(bytes: Uint8Array): AuthenticatorExtensions | undefined {
  if (bytes.length === 0) return undefined;
  const map: CborMap = decodeCborMap(bytes);
  const extensions: AuthenticatorExtensions = {};
  if (map.has(Entry.ValidationCategory)) extensions.validationCategory = map.uint32(Entry.ValidationCategory);
  if (map.has(Entry.BundleVersion)) extensions.bundleVersion = map.text(Entry.BundleVersion);
  if (map.has(Entry.CodeDirectoryHash)) {
    extensions.codeDirectoryHash = new Uint8Array(map.bytes(Entry.CodeDirectoryHash));
  }
  return extensions;
}
