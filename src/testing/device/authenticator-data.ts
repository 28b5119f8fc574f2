import { createHash } from 'node:crypto';
import type { AuthenticatorExtensions } from '../../authenticator-data/authenticator-extensions.js';
import type { Environment } from '../../options/environment.js';
import { cbor } from '../encoding/cbor.js';

const AAGUIDS: Readonly<Record<Environment, Uint8Array>> = {
  production: Buffer.from('appattest\0\0\0\0\0\0\0', 'latin1'),
  development: Buffer.from('appattestdevelop', 'latin1'),
};

const CODE_DIRECTORY_HASH_SHA256 = Uint8Array.of(2);

/** Encodes authenticator data of an assertion: RP ID hash (SHA-256 of the App ID), flags, counter and extensions. */
export function assertionData(
  appId: string,
  flags: number,
  counter: number,
  extensions: AuthenticatorExtensions | undefined,
): Uint8Array {
  return concat(head(appId, flags, counter), encodeExtensions(extensions));
}

/** Encodes authenticator data of an attestation. It has additional fields for the attested key before the extensions. */
export function attestationData(
  appId: string,
  flags: number,
  environment: Environment,
  point: Uint8Array,
  extensions: AuthenticatorExtensions | undefined,
): Uint8Array {
  const credentialId = sha256(point);
  return concat(
    head(appId, flags, 0),
    AAGUIDS[environment],
    Uint8Array.of(0, credentialId.length),
    credentialId,
    coseKey(point),
    encodeExtensions(extensions),
  );
}

/** Encodes an uncompressed point as a COSE key: `{1: 2, 3: -7, -1: 1, -2: x, -3: y}`. */
export function coseKey(point: Uint8Array): Uint8Array {
  const beforeX = Buffer.from('a5010203262001215820', 'hex');
  const beforeY = Buffer.from('225820', 'hex');
  return concat(beforeX, point.subarray(1, 33), beforeY, point.subarray(33));
}

function head(appId: string, flags: number, counter: number): Uint8Array {
  const flagsAndCounter = Buffer.alloc(5);
  flagsAndCounter.writeUInt8(flags, 0);
  flagsAndCounter.writeUInt32BE(counter, 1);
  return concat(sha256(appId), flagsAndCounter);
}

/** Encodes extensions as a canonical CBOR map, in which shorter names come first. Apple's extension maps are canonical. */
export function encodeExtensions(extensions: AuthenticatorExtensions | undefined): Uint8Array {
  if (!extensions) return new Uint8Array();
  const { validationCategory, bundleVersion, codeDirectoryHash } = extensions;
  return cbor({
    ...(codeDirectoryHash && {
      apple_cd_hash_hash_01: codeDirectoryHash,
      apple_cd_hash_type_01: CODE_DIRECTORY_HASH_SHA256,
    }),
    ...(bundleVersion !== undefined && { apple_bundle_version_01: bundleVersion }),
    ...(validationCategory !== undefined && { apple_validation_category_01: littleEndian(validationCategory) }),
  });
}

function littleEndian(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

export function sha256(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
