import { isBytes, sha256, sha256OfText } from './bytes.js';
import { AppAttestError } from './errors.js';

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
    // A copy: its owner may change it while the verification goes on.
    if (isBytes(hash) && hash.length > 0) return new Uint8Array(hash);
    throw new AppAttestError('invalid_argument', 'clientDataHash must be a non-empty Uint8Array');
  }
  // Only a request may be empty; an empty challenge could be answered in advance.
  const isEmptyChallenge = name === 'challenge' && (clientData === '' || (isBytes(clientData) && !clientData.length));
  if (isBytes(clientData) && !isEmptyChallenge) return sha256(clientData);
  if (typeof clientData === 'string' && !isEmptyChallenge) return sha256OfText(clientData);
  throw new AppAttestError('invalid_argument', `${name} must be text or a Uint8Array, and not empty`);
}
