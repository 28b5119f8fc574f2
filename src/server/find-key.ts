import { decodeKeyIdentifier } from '../attestation/key-identifier.js';
import { encodeBase64 } from '../encoding/base64.js';
import { AppAttestError, shortText } from '../errors.js';
import type { KeyStore } from './key-store.js';
import type { StoredKey } from './stored-key.js';

/** The one spelling of a key identifier that stores know: base64 with padding. `undefined` for what no key has. */
export function storedKeyId(keyId: string): string | undefined {
  const identifier = typeof keyId === 'string' ? decodeKeyIdentifier(keyId) : undefined;
  return identifier && encodeBase64(identifier);
}

/** The key of an identifier in any spelling, revoked or not. */
export async function findKey(keys: KeyStore, keyId: string): Promise<StoredKey | undefined> {
  const stored = storedKeyId(keyId);
  const key = stored === undefined ? undefined : await keys.find(stored);
  // A database that compares text regardless of case finds another key.
  return key && key.keyId === stored ? key : undefined;
}

/** Why {@link findKey} found nothing: the key is not registered, or the text is no key identifier at all. */
export function unknownKey(keyId: unknown): AppAttestError {
  if (typeof keyId === 'string' && storedKeyId(keyId) !== undefined) {
    return new AppAttestError('key_unknown', 'the key is not registered');
  }
  return new AppAttestError('key_unknown', 'keyId is not a key identifier', {
    expected: 'base64 of 32 bytes',
    actual: typeof keyId === 'string' ? shortText(keyId) : typeof keyId,
  });
}
