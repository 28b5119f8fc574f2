import { p256, p384, p521 } from '@noble/curves/nist';
import { sha1 } from '@noble/hashes/legacy';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2';
import { decodePem } from '../../encoding/pem.js';
import { PageBuffer } from './node-buffer.js';
import { type KeyAlgorithm, readKeyInfo } from './subject-public-key-info.js';

/**
 * Replaces `node:crypto` in the inspector page. Supports only the algorithms that this package uses: SHA-1, SHA-2, and
 * ECDSA on the curves of NIST. The Web Crypto API is not used, because it hashes only asynchronously, and some browsers
 * reject P-384 with SHA-256.
 */

/** Evidence never uses SHA-1, but apps do by mistake. */
const HASHES = { sha1, sha256, sha384, sha512 };
const CURVES = { prime256v1: p256, secp384r1: p384, secp521r1: p521 };

function hashOf(name: string) {
  if (name === 'sha1' || name === 'sha256' || name === 'sha384' || name === 'sha512') return HASHES[name];
  throw new Error(`the inspector page does not support the hash ${name}`);
}

function curveOf(name: string | undefined) {
  if (name === 'prime256v1' || name === 'secp384r1' || name === 'secp521r1') return CURVES[name];
  throw new Error(`the inspector page does not support the curve ${name}`);
}

/** Replaces `hash` of Node.js, which hashes a message in one call. */
function hashText(name: string, message: string | Uint8Array, encoding: string): string {
  return PageBuffer.from(hashOf(name)(messageBytes(message))).toString(encoding);
}

class Hash {
  readonly #state;

  constructor(name: string) {
    this.#state = hashOf(name).create();
  }

  update(message: string | Uint8Array): this {
    this.#state.update(messageBytes(message));
    return this;
  }

  digest(): PageBuffer;
  digest(encoding: string): string;
  digest(encoding?: string): PageBuffer | string {
    const digest = PageBuffer.from(this.#state.digest());
    return encoding === undefined ? digest : digest.toString(encoding);
  }
}

function messageBytes(message: string | Uint8Array): Uint8Array {
  return typeof message === 'string' ? new TextEncoder().encode(message) : Uint8Array.from(message);
}

/** A public key. Only keys on the curves of NIST can verify signatures. */
class PublicKey {
  readonly type = 'public';
  readonly asymmetricKeyType: string;
  readonly asymmetricKeyDetails: { readonly namedCurve?: string };
  readonly #spki: Uint8Array;
  readonly #point: Uint8Array;

  constructor(spki: Uint8Array, { type, namedCurve, key }: KeyAlgorithm) {
    this.asymmetricKeyType = type;
    this.asymmetricKeyDetails = namedCurve === undefined ? {} : { namedCurve };
    this.#spki = spki;
    this.#point = key;
  }

  get point(): Uint8Array {
    return this.#point;
  }

  /** JWK (RFC 7517) or SubjectPublicKeyInfo as DER. */
  export({ format }: { format: string }): { x: string; y: string } | PageBuffer {
    if (format === 'der') return PageBuffer.from(this.#spki);
    const { x, y } = curveOf(this.asymmetricKeyDetails.namedCurve).Point.fromHex(this.#point).toAffine();
    return { x: coordinate(x, this.#point), y: coordinate(y, this.#point) };
  }
}

function coordinate(value: bigint, { length }: Uint8Array): string {
  const width = (length - 1) / 2;
  return PageBuffer.from(value.toString(16).padStart(width * 2, '0'), 'hex').toString('base64url');
}

type KeyInput = string | PublicKey | { readonly key: string | Uint8Array };

/** @throws Error if the key cannot be decoded, or its point is not on its curve */
function importPublicKey(input: KeyInput): PublicKey {
  if (input instanceof PublicKey) return input;
  const encoded = typeof input === 'string' ? input : input.key;
  const spki = typeof encoded === 'string' ? decodePem('PUBLIC KEY', encoded) : encoded;
  if (!spki) throw new Error('the public key is not PEM');
  const algorithm = readKeyInfo(spki);
  if (algorithm.namedCurve !== undefined && algorithm.namedCurve in CURVES) {
    curveOf(algorithm.namedCurve).Point.fromHex(algorithm.key).assertValidity();
  }
  return new PublicKey(spki, algorithm);
}

type Callback = (error: Error | null, isValid: boolean) => void;

/** Verifies a DER-encoded ECDSA signature. If there is a callback, it is called in a microtask. */
function verifySignature(hash: string, message: Uint8Array, input: KeyInput, signature: Uint8Array): boolean;
function verifySignature(
  hash: string,
  message: Uint8Array,
  input: KeyInput,
  signature: Uint8Array,
  done: Callback,
): void;
function verifySignature(
  hash: string,
  message: Uint8Array,
  input: KeyInput,
  signature: Uint8Array,
  done?: Callback,
): boolean | undefined {
  const isValid = isSignature(hash, message, importPublicKey(input), signature);
  if (!done) return isValid;
  queueMicrotask(() => done(null, isValid));
  return undefined;
}

function isSignature(hash: string, message: Uint8Array, key: PublicKey, signature: Uint8Array): boolean {
  const curve = curveOf(key.asymmetricKeyDetails.namedCurve);
  const digest = hashOf(hash)(Uint8Array.from(message));
  try {
    // Node.js also accepts the signature (r, n - s), so `lowS` is off.
    const options = { format: 'der', lowS: false, prehash: false } as const;
    return curve.verify(Uint8Array.from(signature), digest, key.point, options);
  } catch {
    return false;
  }
}

/** The duration may depend on the contents, because the page compares only values that its user knows. */
function haveEqualBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) throw new RangeError('Input buffers must have the same byte length');
  return a.every((byte, index) => byte === b[index]);
}

/** The page needs no private keys. Only `refreshReceipt` uses them, and the page cannot send requests. */
function refusePrivateKey(): never {
  throw new Error('the inspector page does not support private keys');
}

const createHash = (name: string): Hash => new Hash(name);
const webcrypto = globalThis.crypto;

export {
  createHash,
  hashText as hash,
  haveEqualBytes as timingSafeEqual,
  importPublicKey as createPublicKey,
  PublicKey as KeyObject,
  refusePrivateKey as createPrivateKey,
  verifySignature as verify,
  webcrypto,
};
