import { type CborMap, decodeCborMap } from '../encoding/cbor-map.js';
import { DecodingError } from '../encoding/decoding-error.js';
import { type AuthenticatorExtensions, readAuthenticatorExtensions } from './authenticator-extensions.js';
import { COSE_KEY_LENGTH, pointOfCoseKey } from './cose-key.js';

/** Authenticator data of an assertion (WebAuthn §6.1). */
export interface AuthenticatorData {
  /**
   * The bytes as received. The signature of an assertion covers these bytes, and so does the nonce of an attestation.
   */
  readonly bytes: Uint8Array;
  /** The RP ID hash: SHA-256 of the App ID, 32 bytes. */
  readonly rpIdHash: Uint8Array;
  /**
   * Flags: 0x40 is AT (attested credential data), 0x80 is ED (extension data). AT is ignored, because devices set AT even
   * if no credential data follows.
   */
  readonly flags: number;
  /** The number of assertions that the key has signed, 0 to 2^32 - 1. */
  readonly counter: number;
  /**
   * The extensions of iOS 27 and later. They are present only if the flags include ED. In valid evidence, ED shows that the
   * device added these extensions.
   */
  readonly extensions: AuthenticatorExtensions | undefined;
  /**
   * An extension map in authenticator data whose flags do not include ED. Anyone who can tamper with the app can add
   * such a map. The device signs SHA-256(authenticatorData ‖ clientDataHash) and does not check the length of
   * `clientDataHash`. So an attacker can pass a `clientDataHash` that begins with a map, and later move the map to the
   * end of authenticator data. The signature stays valid. Use this map only for inspection.
   */
  readonly unauthenticatedExtensions: CborMap | undefined;
}

/** Authenticator data of an attestation, which includes the attested key. */
export interface AttestedAuthenticatorData extends AuthenticatorData {
  /** The AAGUID, which identifies the environment, 16 bytes. */
  readonly aaguid: Uint8Array;
  /** The key identifier, 32 bytes. */
  readonly credentialId: Uint8Array;
  /** The attested key, an uncompressed point of 65 bytes. */
  readonly credentialPublicKey: Uint8Array;
}

const FLAGS = 32;
const COUNTER = 33;
const AAGUID = 37;
const CREDENTIAL_ID_LENGTH = 53;
const CREDENTIAL_ID = 55;
const CREDENTIAL_PUBLIC_KEY = 87;
const ATTESTED_EXTENSIONS = CREDENTIAL_PUBLIC_KEY + COSE_KEY_LENGTH;

/** The flag ED, "extension data included" (WebAuthn §6.1). */
const EXTENSION_DATA = 0x80;

/** @throws DecodingError */
export function decodeAuthenticatorData(bytes: Uint8Array): AuthenticatorData {
  return decodeFixedPart(bytes, AAGUID);
}

/** @throws DecodingError */
export function decodeAttestedAuthenticatorData(bytes: Uint8Array): AttestedAuthenticatorData {
  const fixedPart = decodeFixedPart(bytes, ATTESTED_EXTENSIONS);
  const credentialIdLength = viewOf(bytes).getUint16(CREDENTIAL_ID_LENGTH);
  if (credentialIdLength !== CREDENTIAL_PUBLIC_KEY - CREDENTIAL_ID) {
    throw new DecodingError(`the credential ID has ${credentialIdLength} bytes instead of 32`);
  }
  return {
    ...fixedPart,
    aaguid: bytes.subarray(AAGUID, CREDENTIAL_ID_LENGTH),
    credentialId: bytes.subarray(CREDENTIAL_ID, CREDENTIAL_PUBLIC_KEY),
    credentialPublicKey: pointOfCoseKey(bytes.subarray(CREDENTIAL_PUBLIC_KEY, ATTESTED_EXTENSIONS)),
  };
}

function decodeFixedPart(bytes: Uint8Array, extensionsAt: number): AuthenticatorData {
  if (bytes.length < extensionsAt) {
    throw new DecodingError(`authenticator data has ${bytes.length} bytes instead of at least ${extensionsAt}`);
  }
  const view = viewOf(bytes);
  const flags = view.getUint8(FLAGS);
  return {
    bytes,
    rpIdHash: bytes.subarray(0, FLAGS),
    flags,
    counter: view.getUint32(COUNTER),
    ...decodeExtensionData(bytes.subarray(extensionsAt), flags),
  };
}

/**
 * Decodes the bytes after the fixed part: nothing, or exactly one CBOR map. If the flags of valid evidence include ED, the
 * device added the map. Without ED, the map may be forged.
 */
function decodeExtensionData(
  bytes: Uint8Array,
  flags: number,
): Pick<AuthenticatorData, 'extensions' | 'unauthenticatedExtensions'> {
  const map = bytes.length > 0 ? decodeCborMap(bytes) : undefined;
  if ((flags & EXTENSION_DATA) === 0) return { extensions: undefined, unauthenticatedExtensions: map };
  if (!map) throw new DecodingError('the flags include ED (extension data), but there are no extensions');
  return { extensions: readAuthenticatorExtensions(map), unauthenticatedExtensions: undefined };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
