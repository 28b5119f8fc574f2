import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { AppAttestError, shortText } from '../errors.js';

/**
 * A JSON Web Key (RFC 7517) on the curve P-256 or Ed25519. `exportJWK` of `jose` and `export({ format: 'jwk' })` of
 * `node:crypto` create such an object.
 */
export interface SessionKey {
  /** `'EC'` for P-256, `'OKP'` for Ed25519. */
  kty?: string;
  /** `'P-256'` or `'Ed25519'`. */
  crv?: string;
  /** The first coordinate or the public key, base64url. */
  x?: string;
  /** The second coordinate, base64url. Only for P-256. */
  y?: string;
  /** The private key, base64url. Absent in a public key, which can only verify. */
  d?: string;
  /** The identifier of the key in tokens: 1 to 256 characters. By default, it is the thumbprint of the key (RFC 7638). */
  kid?: string;
  /** `'ES256'` for P-256 or `'EdDSA'` for Ed25519, if present. */
  alg?: string;
  /** `'sig'`, if present. */
  use?: string;
  /** Ignored. */
  key_ops?: string[];
  /** Ignored. */
  ext?: boolean;
}

/** A public key in the result of `jwks`. */
export interface PublicSessionKey {
  /** `'EC'` for P-256, `'OKP'` for Ed25519. */
  kty: 'EC' | 'OKP';
  /** The curve. */
  crv: 'P-256' | 'Ed25519';
  /** The first coordinate or the public key, base64url. */
  x: string;
  /** The second coordinate, base64url. Only for P-256. */
  y?: string;
  /** The identifier of the key in tokens. */
  kid: string;
  /** The algorithm. */
  alg: 'ES256' | 'EdDSA';
  /** The purpose: signatures. */
  use: 'sig';
}

/** An imported key of the option `keys`. */
export interface ImportedSessionKey {
  readonly published: PublicSessionKey;
  /** `jose` caches the converted key for this object, so it converts each key once. */
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject | undefined;
}

const MAX_KEYS = 10;
const MAX_KID_LENGTH = 256;

/**
 * Checks the option `keys` and imports the keys.
 *
 * @throws AppAttestError `invalid_argument`; the message never contains a part of a key
 */
export function importSessionKeys(keys: unknown): readonly [ImportedSessionKey, ...ImportedSessionKey[]] {
  const [first, ...others] = Array.isArray(keys) && keys.length <= MAX_KEYS ? Array.from(keys, importSessionKey) : [];
  if (!first) throw invalid(`keys must be an array of 1 to ${MAX_KEYS} JSON Web Keys`);
  const imported = [first, ...others] as const;
  const kids = imported.map(({ published }) => published.kid);
  const twice = kids.find((kid, index) => kids.indexOf(kid) !== index);
  if (twice !== undefined) throw invalid(`two entries of keys have the same kid ${shortText(twice)}`);
  return imported;
}

function importSessionKey(jwk: unknown, index: number): ImportedSessionKey {
  const name = `keys[${index}]`;
  if (typeof jwk !== 'object' || jwk === null) throw invalid(`${name} must be a JSON Web Key, as an object`);
  const { kty, crv, x, y, d, kid, alg, use }: Partial<Record<keyof SessionKey, unknown>> = jwk;
  const kind = kindOf(kty, crv);
  if (!kind) throw invalid(`${name} must be a key on the curve P-256 (kty EC) or Ed25519 (kty OKP)`);
  if (alg !== undefined && alg !== kind.alg) throw invalid(`alg of ${name} must be ${kind.alg}, or absent`);
  if (use !== undefined && use !== 'sig') throw invalid(`use of ${name} must be sig, or absent`);
  if (kid !== undefined && !(typeof kid === 'string' && kid.length > 0 && kid.length <= MAX_KID_LENGTH)) {
    throw invalid(`kid of ${name} must be text of 1 to ${MAX_KID_LENGTH} characters, or absent`);
  }
  const { publicKey, privateKey } = keyObjects(name, { ...kind.type, x, y, d });
  const members = { ...kind.type, ...coordinatesOf(publicKey) };
  return {
    published: { ...members, kid: kid ?? thumbprintOf(members), alg: kind.alg, use: 'sig' },
    publicKey,
    privateKey,
  };
}

const KINDS = [
  { type: { kty: 'EC', crv: 'P-256' }, alg: 'ES256' },
  { type: { kty: 'OKP', crv: 'Ed25519' }, alg: 'EdDSA' },
] as const;

function kindOf(kty: unknown, crv: unknown): (typeof KINDS)[number] | undefined {
  return KINDS.find(({ type }) => type.kty === kty && type.crv === crv);
}

/** Imports a key. The thrown error has no `cause`, because the error of the parser could contain parts of the private key. */
function keyObjects(
  name: string,
  { kty, crv, x, y, d }: Readonly<Record<'kty' | 'crv' | 'x' | 'y' | 'd', unknown>>,
): Pick<ImportedSessionKey, 'publicKey' | 'privateKey'> {
  try {
    const members = JSON.parse(JSON.stringify({ kty, crv, x, y }));
    const publicKey = createPublicKey({ key: members, format: 'jwk' });
    if (d === undefined) return { publicKey, privateKey: undefined };
    const privateKey = createPrivateKey({ key: { ...members, d: String(d) }, format: 'jwk' });
    if (isPair(privateKey, publicKey)) return { publicKey, privateKey };
  } catch {
    throw invalid(`${name} is not a valid JSON Web Key`);
  }
  throw invalid(`the private and the public part of ${name} do not belong together`);
}

function isPair(privateKey: KeyObject, publicKey: KeyObject): boolean {
  const digest = privateKey.asymmetricKeyType === 'ec' ? 'sha256' : null;
  const probe = Buffer.from('app-attest');
  return verify(digest, probe, publicKey, sign(digest, probe, privateKey));
}

/** Exports the coordinates from the imported key, so that they are canonical base64url. */
function coordinatesOf(publicKey: KeyObject): Pick<PublicSessionKey, 'x' | 'y'> {
  const { x = '', y } = publicKey.export({ format: 'jwk' });
  return { x, ...(y !== undefined && { y }) };
}

/** RFC 7638 §3: SHA-256 of the required members in lexicographic order, as JSON without spaces. */
function thumbprintOf({ crv, kty, x, y }: Pick<PublicSessionKey, 'crv' | 'kty' | 'x' | 'y'>): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}

function invalid(message: string): AppAttestError {
  return new AppAttestError('invalid_argument', message);
}
