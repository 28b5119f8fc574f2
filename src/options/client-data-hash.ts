import { isBytes, sha256, sha256OfText } from '../encoding/bytes.js';
import { AppAttestError } from '../errors.js';
import { copyOf } from './evidence.js';

/** Bytes. No known app passes more than a few dozen to `attestKey`. */
export const MAX_CLIENT_DATA_HASH_LENGTH = 65_536;

/**
 * The client data hash: the bytes that the app passed to `attestKey` or `generateAssertion`. The caller passes either the
 * client data, which is hashed here (text as UTF-8, as the Capacitor plugin does), or the hash itself.
 *
 * The hash may have any length: Apple's published samples have the raw challenge in its place.
 *
 * @param name The option for the client data: `challenge` or `payload`
 * @throws AppAttestError `invalid_argument`
 */
export function readClientDataHash(name: 'challenge' | 'payload', clientData: unknown, hash: unknown): Uint8Array {
  if ((clientData === undefined) === (hash === undefined)) {
    throw new AppAttestError('invalid_argument', `pass exactly one of ${name} and clientDataHash`);
  }
  if (hash !== undefined) {
    // The hash of an attestation or a receipt may have to wait; that of an assertion is used at once.
    const most = name === 'challenge' ? MAX_CLIENT_DATA_HASH_LENGTH : Number.POSITIVE_INFINITY;
    const copy = isBytes(hash) ? copyOf(hash, 'clientDataHash', most + 1) : undefined;
    if (copy && copy.length > 0 && copy.length <= most) return copy;
    throw new AppAttestError('invalid_argument', 'clientDataHash must be a Uint8Array, neither empty nor too long');
  }
  const data = isBytes(clientData) ? copyOf(clientData, name) : clientData;
  // Only a payload may be empty: an empty challenge could be answered in advance.
  const isKept = typeof data === 'string' || data instanceof Uint8Array;
  if (!isKept || (name === 'challenge' && data.length === 0)) {
    throw new AppAttestError(
      'invalid_argument',
      `${name} must be a string or a Uint8Array, and a challenge must not be empty`,
    );
  }
  if (typeof data !== 'string') return sha256(data);
  // A lone surrogate has no UTF-8 encoding, so two different strings with one would have the same bytes.
  if (data.isWellFormed()) return sha256OfText(data);
  throw new AppAttestError('invalid_argument', `${name} contains a lone surrogate, which cannot be encoded in UTF-8`);
}
