import { isBytes, sha256, sha256OfText } from '../encoding/bytes.js';
import { AppAttestError } from '../errors.js';
import { copyOf } from './evidence.js';

/**
 * The maximum length of the option `clientDataHash` for attestations and receipts, in bytes. No known app passes more than a
 * few dozen bytes to `attestKey`.
 */
export const MAX_CLIENT_DATA_HASH_LENGTH = 65_536;

/**
 * Returns the client data hash: the bytes that the app passed to `attestKey` or `generateAssertion`. The caller passes
 * either this hash or the client data. Client data is hashed here with SHA-256. Text is hashed as UTF-8, as in
 * `@capgo/capacitor-app-attest`.
 *
 * The option `clientDataHash` need not have 32 bytes, because Apple's published samples contain the raw challenge instead of
 * a hash.
 *
 * @param name The option for the client data: `challenge` or `payload`
 * @throws AppAttestError `invalid_argument`
 */
export function readClientDataHash(name: 'challenge' | 'payload', clientData: unknown, hash: unknown): Uint8Array {
  if ((clientData === undefined) === (hash === undefined)) {
    throw new AppAttestError('invalid_argument', `pass exactly one of ${name} and clientDataHash`);
  }
  if (hash !== undefined) {
    // An attestation or a receipt keeps its hash while it waits, so the hash must not be too long. An assertion waits
    // only after its hash was used.
    const most = name === 'challenge' ? MAX_CLIENT_DATA_HASH_LENGTH : Number.POSITIVE_INFINITY;
    const copy = isBytes(hash) ? copyOf(hash, 'clientDataHash', most + 1) : undefined;
    if (copy && copy.length > 0 && copy.length <= most) return copy;
    throw new AppAttestError(
      'invalid_argument',
      `clientDataHash must be a non-empty Uint8Array${Number.isFinite(most) ? ` of at most ${most} bytes` : ''}`,
    );
  }
  const data = isBytes(clientData) ? copyOf(clientData, name) : clientData;
  // Only a payload may be empty. For an empty challenge, evidence could be created in advance.
  const isKept = typeof data === 'string' || data instanceof Uint8Array;
  if (!isKept || (name === 'challenge' && data.length === 0)) {
    throw new AppAttestError(
      'invalid_argument',
      `${name} must be a ${name === 'challenge' ? 'non-empty ' : ''}string or Uint8Array`,
    );
  }
  if (typeof data !== 'string') return sha256(data);
  // A lone surrogate has no UTF-8 encoding, so Node.js replaces it with U+FFFD. Different strings could then have the same
  // hash.
  if (data.isWellFormed()) return sha256OfText(data);
  throw new AppAttestError('invalid_argument', `${name} contains a lone surrogate, which cannot be encoded in UTF-8`);
}
