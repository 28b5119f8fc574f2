import { createPublicKey, KeyObject, webcrypto } from 'node:crypto';
import { copyBytes, equalBytes, isBytes } from '../encoding/bytes.js';
import { decodePem, encodePem } from '../encoding/pem.js';
import { AppAttestError } from '../errors.js';

/** Bytes of a P-256 point as App Attest hashes it: 0x04, x and y (X9.62 uncompressed). */
export const POINT_LENGTH = 65;
const UNCOMPRESSED = 0x04;

/** SubjectPublicKeyInfo { id-ecPublicKey, prime256v1 } up to the point itself (RFC 5480 §2). */
const SPKI_PREFIX = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex');

/** The point in a SubjectPublicKeyInfo; `undefined` if the key is on another curve or encoded differently. */
export function pointOfSpki(spki: Uint8Array): Uint8Array | undefined {
  const prefix = spki.subarray(0, SPKI_PREFIX.length);
  const point = spki.subarray(SPKI_PREFIX.length);
  if (!equalBytes(prefix, SPKI_PREFIX) || !isPoint(point)) return undefined;
  return point;
}

function isPoint(bytes: Uint8Array): boolean {
  return bytes.length === POINT_LENGTH && bytes[0] === UNCOMPRESSED;
}

function spkiOfPoint(point: Uint8Array): Buffer {
  return Buffer.concat([SPKI_PREFIX, point]);
}

/**
 * A key exactly as {@link pemOfPoint} encodes it. The prefix and the first byte of the point fill whole base64 characters,
 * and the last character before the padding holds two bits. Nearly all stored keys have this form, and checking it is a
 * microsecond faster than decoding PEM.
 */
const STORED_PEM =
  /^-----BEGIN PUBLIC KEY-----\n(MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE[A-Za-z0-9+/]{28}\n[A-Za-z0-9+/]{57}[AQgw]==)\n-----END PUBLIC KEY-----\n$/;

/** Encodes a point in the form that servers store: SubjectPublicKeyInfo as PEM. */
export function pemOfPoint(point: Uint8Array): string {
  return encodePem('PUBLIC KEY', spkiOfPoint(point));
}

/**
 * Imports the stored public key: PEM, SubjectPublicKeyInfo bytes or a 65-byte point. A `KeyObject` is returned as it is.
 * P-256 only.
 *
 * @throws AppAttestError `invalid_argument`: the key comes from the server's own database
 */
export function readPublicKey(publicKey: unknown): KeyObject {
  if (publicKey instanceof KeyObject) return checkKeyObject(publicKey);
  const pem = readPem(publicKey);
  try {
    // Throws for a point that is not on the curve.
    return createPublicKey(pem);
  } catch (cause) {
    throw notAKey(cause);
  }
}

/** A key for `verify` of node:crypto: imported, or in PEM or DER, which it decodes at each call. */
export type VerificationKey =
  | KeyObject
  | string
  | { readonly key: Buffer; readonly format: 'der'; readonly type: 'spki' };

/** The form in which a stored key is passed to the verification. */
export type KeyForm = 'point' | 'pem' | 'der';

/**
 * The fastest form for a runtime. OpenSSL 3.0 (Node.js 20) takes 110 µs to decode a key, the Web Crypto API 50 µs to import
 * a point. Later versions of OpenSSL take 15 µs, and 13 µs for DER; but Node.js 24 takes 25 µs to detect that an object is
 * not a `KeyObject`.
 *
 * @param versions `process.versions`; absent with older compatibility dates of Workers
 */
export function fastestKeyForm(versions: { node?: string; openssl?: string } | undefined): KeyForm {
  const { node, openssl } = versions ?? {};
  if (openssl?.startsWith('3.0.')) return 'point';
  return Number.parseInt(node ?? '', 10) >= 26 ? 'der' : 'pem';
}

const FASTEST_KEY_FORM = fastestKeyForm(process.versions);

/**
 * The stored public key for one verification. PEM and DER are not imported, so that there is no object to garbage-collect:
 * the encoding is checked here, and `verify` checks that the point is on the curve. See {@link assertOnCurve}.
 *
 * @throws AppAttestError `invalid_argument`
 */
export async function preparePublicKey(publicKey: unknown, form: KeyForm = FASTEST_KEY_FORM): Promise<VerificationKey> {
  if (publicKey instanceof KeyObject) return checkKeyObject(publicKey);
  if (form === 'pem') return readPem(publicKey);
  const key = readSpki(publicKey);
  return form === 'der' ? { key, format: 'der', type: 'spki' } : importPoint(key.subarray(SPKI_PREFIX.length));
}

/**
 * Throws if the point of a stored key is not on the curve: no signature verifies with such a key, and the client is not at
 * fault.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function assertOnCurve(publicKey: VerificationKey): void {
  if (!(publicKey instanceof KeyObject)) readPublicKey(typeof publicKey === 'string' ? publicKey : publicKey.key);
}

const P256 = { name: 'ECDSA', namedCurve: 'P-256' } as const;

/** Kept, because each access to `webcrypto.subtle` is a lookup; read late, because loading it takes milliseconds. */
let subtle: webcrypto.SubtleCrypto | undefined;

async function importPoint(point: Uint8Array): Promise<KeyObject> {
  subtle ??= webcrypto.subtle;
  try {
    return KeyObject.from(await subtle.importKey('raw', point, P256, true, ['verify']));
  } catch (cause) {
    throw notAKey(cause);
  }
}

function checkKeyObject(publicKey: KeyObject): KeyObject {
  if (publicKey.type === 'public' && publicKey.asymmetricKeyDetails?.namedCurve === 'prime256v1') return publicKey;
  throw notAKey();
}

/** The stored key as {@link pemOfPoint} encodes it. */
function readPem(publicKey: unknown): string {
  if (typeof publicKey === 'string' && STORED_PEM.test(publicKey)) return publicKey;
  return encodePem('PUBLIC KEY', readSpki(publicKey));
}

/** Copies bytes, because the caller may change them while they are imported. */
function readSpki(publicKey: unknown): Buffer {
  const stored = typeof publicKey === 'string' ? STORED_PEM.exec(publicKey)?.[1] : undefined;
  if (stored !== undefined) return Buffer.from(stored, 'base64');
  const spki = isBytes(publicKey) ? spkiOfBytes(publicKey) : spkiOfPem(publicKey);
  if (spki && pointOfSpki(spki)) return spki;
  throw notAKey();
}

function spkiOfBytes(bytes: Uint8Array): Buffer {
  try {
    const copy = copyBytes(bytes, SPKI_PREFIX.length + POINT_LENGTH + 1);
    return isPoint(copy) ? spkiOfPoint(copy) : copy;
  } catch (cause) {
    throw notAKey(cause);
  }
}

function spkiOfPem(pem: unknown): Buffer | undefined {
  if (typeof pem !== 'string') return undefined;
  try {
    return decodePem('PUBLIC KEY', pem);
  } catch (cause) {
    throw notAKey(cause);
  }
}

function notAKey(cause?: unknown): AppAttestError {
  const forms = 'a P-256 public key: PEM, SubjectPublicKeyInfo bytes, a 65-byte point or a KeyObject';
  return new AppAttestError('invalid_argument', `publicKey must be ${forms}`, { cause });
}
