import { createPublicKey, KeyObject, webcrypto } from 'node:crypto';
import { copyBytes, equalBytes, isBytes } from '../encoding/bytes.js';
import { decodePem, encodePem } from '../encoding/pem.js';
import { AppAttestError } from '../errors.js';

/**
 * The length of an uncompressed P-256 point: 0x04, x and y (X9.62). App Attest hashes these bytes for the key identifier.
 */
export const POINT_LENGTH = 65;
const UNCOMPRESSED = 0x04;

/** The bytes of a SubjectPublicKeyInfo { id-ecPublicKey, prime256v1 } before the point (RFC 5480 §2). */
const SPKI_PREFIX = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex');

/**
 * The uncompressed point in a SubjectPublicKeyInfo. `undefined` if the key is not on P-256 or is encoded differently.
 */
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
 * Matches a key exactly as {@link pemOfPoint} encodes it. Nearly all stored keys have this form, and this check is a
 * microsecond faster than decoding PEM. The fixed bytes before x fill whole base64 characters. The last character before the
 * padding holds only two bits, so it is one of four letters.
 */
const STORED_PEM =
  /^-----BEGIN PUBLIC KEY-----\n(MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE[A-Za-z0-9+/]{28}\n[A-Za-z0-9+/]{57}[AQgw]==)\n-----END PUBLIC KEY-----\n$/;

/** Encodes a point as a PEM public key (SubjectPublicKeyInfo), the form that servers store. */
export function pemOfPoint(point: Uint8Array): string {
  return encodePem('PUBLIC KEY', spkiOfPoint(point));
}

/**
 * Imports a stored P-256 public key: PEM, SubjectPublicKeyInfo bytes or a 65-byte point. A `KeyObject` is checked and
 * returned unchanged.
 *
 * @throws AppAttestError `invalid_argument` if the key cannot be used. The key comes from the server's own database, so the
 *   client is not at fault
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

/**
 * A key that `verify` of node:crypto accepts. A `KeyObject` is already imported. PEM and DER are decoded at each call.
 */
export type VerificationKey =
  | KeyObject
  | string
  | { readonly key: Buffer; readonly format: 'der'; readonly type: 'spki' };

/** The form in which a stored key is passed to the verification. */
export type KeyForm = 'point' | 'pem' | 'der';

/**
 * The fastest form of a key for a runtime:
 *
 * - `point` for OpenSSL 3.0 (Node.js 20). OpenSSL takes 105 µs to decode a key. The Web Crypto API takes 45 µs to import a
 *   point.
 * - `der` for Node.js 26 and later. Decoding takes 13 µs.
 * - `pem` for all other runtimes. Decoding takes 15 µs. With DER, Node.js 24 takes 25 µs to detect that the object is not a
 *   `KeyObject`.
 *
 * @param versions `process.versions`. It is absent in Cloudflare Workers with an older compatibility date
 */
export function fastestKeyForm(versions: { node?: string; openssl?: string } | undefined): KeyForm {
  const { node, openssl } = versions ?? {};
  if (openssl?.startsWith('3.0.')) return 'point';
  return Number.parseInt(node ?? '', 10) >= 26 ? 'der' : 'pem';
}

const FASTEST_KEY_FORM = fastestKeyForm(process.versions);

/**
 * Prepares the stored public key for one verification. In the forms `pem` and `der`, the key is not imported, because each
 * imported key must be garbage-collected later. Only the encoding is checked here. `verify` then checks that the point is on
 * the curve. See {@link assertOnCurve}. In the form `point`, the key is imported, and the import checks the point.
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
 * Throws if the point of a stored key is not on the curve. No signature is valid for such a key, although the client is not
 * at fault.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function assertOnCurve(publicKey: VerificationKey): void {
  if (!(publicKey instanceof KeyObject)) readPublicKey(typeof publicKey === 'string' ? publicKey : publicKey.key);
}

const P256 = { name: 'ECDSA', namedCurve: 'P-256' } as const;

/**
 * The Web Crypto API. Loading takes milliseconds, so the API is loaded only if needed. Each access to `webcrypto.subtle` is
 * a lookup, so the object is kept here.
 */
let subtle: webcrypto.SubtleCrypto | undefined;

async function importPoint(point: Uint8Array): Promise<KeyObject> {
  subtle ??= webcrypto.subtle;
  try {
    return KeyObject.from(await subtle.importKey('raw', new Uint8Array(point), P256, true, ['verify']));
  } catch (cause) {
    throw notAKey(cause);
  }
}

function checkKeyObject(publicKey: KeyObject): KeyObject {
  if (publicKey.type === 'public' && publicKey.asymmetricKeyDetails?.namedCurve === 'prime256v1') return publicKey;
  throw notAKey();
}

/** Checks the stored key, and returns it as {@link pemOfPoint} encodes it. */
function readPem(publicKey: unknown): string {
  if (typeof publicKey === 'string' && STORED_PEM.test(publicKey)) return publicKey;
  return encodePem('PUBLIC KEY', readSpki(publicKey));
}

/**
 * Checks the stored key, and returns its SubjectPublicKeyInfo. Bytes are copied, because the caller may change them during
 * the import.
 */
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
