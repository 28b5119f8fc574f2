import { createPublicKey, KeyObject, webcrypto } from 'node:crypto';
import { copyBytes, equalBytes, isBytes } from '../encoding/bytes.js';
import { decodePem, encodePem } from '../encoding/pem.js';
import { AppAttestError } from '../errors.js';

/** A point on P-256 as App Attest hashes it: 0x04, x and y (X9.62 uncompressed). */
export const POINT_LENGTH = 65;
const UNCOMPRESSED = 0x04;

/** SubjectPublicKeyInfo { id-ecPublicKey, prime256v1 } up to the point itself (RFC 5480 §2). */
const SPKI_PREFIX = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex');

/** The point in a SubjectPublicKeyInfo, `undefined` where the key is on another curve or written otherwise. */
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
 * A key exactly as {@link pemOfPoint} writes it: in base64 the prefix and the first byte of the point come out even, and
 * the last figure before the padding holds two bits. Nearly all stored keys have this form: checking it takes a
 * microsecond less than decoding PEM.
 */
const STORED_PEM =
  /^-----BEGIN PUBLIC KEY-----\n(MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE[A-Za-z0-9+/]{28}\n[A-Za-z0-9+/]{57}[AQgw]==)\n-----END PUBLIC KEY-----\n$/;

/** The form in which a server stores the key: SubjectPublicKeyInfo as PEM. */
export function pemOfPoint(point: Uint8Array): string {
  return encodePem('PUBLIC KEY', spkiOfPoint(point));
}

/**
 * The stored public key, ready to verify: a `KeyObject` as it is, PEM, SubjectPublicKeyInfo bytes or a 65-byte point
 * imported. P-256 only.
 *
 * @throws AppAttestError `invalid_argument`: the key comes from the server's own database
 */
export function readPublicKey(publicKey: unknown): KeyObject {
  if (publicKey instanceof KeyObject) return checkKeyObject(publicKey);
  const pem = readPem(publicKey);
  try {
    // Refuses a point that is not on the curve.
    return createPublicKey(pem);
  } catch (cause) {
    throw notAKey(cause);
  }
}

/** What `verify` of node:crypto takes: a key that is ready, or one in PEM or DER that it reads anew each time. */
export type VerificationKey =
  | KeyObject
  | string
  | { readonly key: Buffer; readonly format: 'der'; readonly type: 'spki' };

/** In what form a stored key gets to its verification. */
export type KeyForm = 'point' | 'pem' | 'der';

/**
 * The fastest one. The decoders of OpenSSL 3.0 (Node.js 20) take 110 µs for a key, the Web Crypto API 50 µs for a point.
 * Later OpenSSL takes 15 µs, and two less for DER; but Node.js 24 needs 25 µs to see that an object is no `KeyObject`.
 *
 * @param versions of the runtime; older compatibility dates of Workers name none
 */
export function fastestKeyForm(versions: { node?: string; openssl?: string } | undefined): KeyForm {
  const { node, openssl } = versions ?? {};
  if (openssl?.startsWith('3.0.')) return 'point';
  return Number.parseInt(node ?? '', 10) >= 26 ? 'der' : 'pem';
}

const FASTEST_KEY_FORM = fastestKeyForm(process.versions);

/**
 * The stored public key for one verification. In PEM or DER it is not made an object, which garbage collection would
 * have to free: its form is checked here, and the point on the curve by `verify`. See {@link assertOnCurve}.
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
 * Tells a key with a point that is not on the curve, under which nothing verifies, from a signature that is not valid.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function assertOnCurve(publicKey: VerificationKey): void {
  if (!(publicKey instanceof KeyObject)) readPublicKey(typeof publicKey === 'string' ? publicKey : publicKey.key);
}

const P256 = { name: 'ECDSA', namedCurve: 'P-256' } as const;

/** Kept, because `webcrypto.subtle` looks itself up anew each time; read late, because it takes milliseconds to load. */
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

/** The stored key as {@link pemOfPoint} writes it. */
function readPem(publicKey: unknown): string {
  if (typeof publicKey === 'string' && STORED_PEM.test(publicKey)) return publicKey;
  return encodePem('PUBLIC KEY', readSpki(publicKey));
}

/** A copy of bytes, because their owner may change them while they are imported. */
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
