import { isBytes, sha256, sha256OfText } from '../encoding/bytes.js';
import { AppAttestError } from '../errors.js';
import { copyOf } from './evidence.js';

/**
 * The client data hash: what the app passed to `attestKey` or `generateAssertion`. The caller gives either the client
 * data, which is hashed here (text as UTF-8, as the Capacitor plugin does), or the hash itself.
 *
 * The hash may have any length: Apple's published samples have raw challenge bytes in its place.
 *
 * @param name The option that holds the client data: `challenge` or `payload`
 * @throws AppAttestError `invalid_argument`
 */
export function readClientDataHash(name: 'challenge' | 'payload', clientData: unknown, hash: unknown): Uint8Array {
  if ((clientData === undefined) === (hash === undefined)) {
    throw new AppAttestError('invalid_argument', `pass exactly one of ${name} and clientDataHash`);
  }
  if (hash !== undefined) {
    const copy = isBytes(hash) ? copyOf(hash, 'clientDataHash') : undefined;
    if (copy && copy.length > 0) return copy;
    throw new AppAttestError('invalid_argument', 'clientDataHash must be a non-empty Uint8Array');
  }
  const data = isBytes(clientData) ? copyOf(clientData, name) : clientData;
  // Only a request may be empty; an empty challenge could be answered in advance.
  const isKept = typeof data === 'string' || data instanceof Uint8Array;
  if (!isKept || (name === 'challenge' && data.length === 0)) {
    throw new AppAttestError('invalid_argument', `${name} must be text or a Uint8Array, and not empty`);
  }
  return typeof data === 'string' ? sha256OfText(data) : sha256(data);
}
