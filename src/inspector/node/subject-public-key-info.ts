import { readDer } from '../../encoding/der.js';
import { contentsOf, readObjectIdentifier, Tag } from '../../encoding/der-values.js';

/** The algorithm and the key in a SubjectPublicKeyInfo, with the names that `KeyObject` of Node.js uses. */
export interface KeyAlgorithm {
  /** For example `ec` or `rsa`. */
  readonly type: string;
  /** The curve of an EC key, for example `prime256v1`. */
  readonly namedCurve: string | undefined;
  /** The contents of the BIT STRING. For an EC key, the point. */
  readonly key: Uint8Array;
}

const EC = '1.2.840.10045.2.1';
const TYPES: Readonly<Record<string, string>> = {
  [EC]: 'ec',
  '1.2.840.113549.1.1.1': 'rsa',
  '1.2.840.113549.1.1.10': 'rsa-pss',
  '1.3.101.112': 'ed25519',
  '1.3.101.113': 'ed448',
};
const CURVES: Readonly<Record<string, string>> = {
  '1.2.840.10045.3.1.7': 'prime256v1',
  '1.3.132.0.34': 'secp384r1',
  '1.3.132.0.35': 'secp521r1',
  '1.3.132.0.10': 'secp256k1',
};

/**
 * Decodes a SubjectPublicKeyInfo (RFC 5280 §4.1).
 *
 * @throws Error if it is malformed, or if its algorithm or its curve is unknown
 */
export function readKeyInfo(spki: Uint8Array): KeyAlgorithm {
  const info = readDer(spki);
  const { 0: algorithm, 1: key } = info.children;
  const { 0: oid, 1: parameters } = algorithm?.children ?? [];
  const isSequence = info.tag === Tag.Sequence && algorithm?.tag === Tag.Sequence;
  if (!isSequence || oid?.tag !== Tag.ObjectIdentifier || key?.tag !== Tag.BitString) {
    throw new Error('malformed public key');
  }
  const type = TYPES[readObjectIdentifier(spki, oid)];
  const isCurve = parameters?.tag === Tag.ObjectIdentifier;
  const namedCurve = type === 'ec' && isCurve ? CURVES[readObjectIdentifier(spki, parameters)] : undefined;
  if (type === undefined || (type === 'ec' && namedCurve === undefined)) throw new Error('unknown kind of public key');
  // The first byte is the number of unused bits.
  return { type, namedCurve, key: contentsOf(spki, key).subarray(1) };
}
