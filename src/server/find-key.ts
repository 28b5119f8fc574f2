import { decodeKeyIdentifier } from '../attestation/key-identifier.js';
import { encodeBase64 } from '../encoding/base64.js';
import { AppAttestError, shortText } from '../errors.js';
import type { KeyStore } from './key-store.js';
import type { StoredKey } from './stored-key.js';

/** Converts a key identifier to the form that stores use: base64 with padding. Returns `undefined` for malformed text. */
export function storedKeyId(keyId: string): string | undefined {
  const identifier = typeof keyId === 'string' ? decodeKeyIdentifier(keyId) : undefined;
  return identifier && encodeBase64(identifier);
}

/** Finds a key by its key identifier, base64 or base64url. Revoked keys are returned too. */
export async function findKey(keys: KeyStore, keyId: string): Promise<StoredKey | undefined> {
  const stored = storedKeyId(keyId);
  const key = stored === undefined ? undefined : await keys.find(stored);
  // A database that ignores case may return a different key.
  return key && key.keyId === stored ? key : undefined;
}

/** Creates the error for a key that {@link findKey} did not find. The message differs if `keyId` is malformed. */
export function unknownKey(keyId: unknown): AppAttestError {
  if (typeof keyId === 'string' && storedKeyId(keyId) !== undefined) {
    return new AppAttestError('key_unknown', 'the key is not registered');
  }
  return new AppAttestError('key_unknown', 'keyId is not a key identifier', {
    expected: 'base64 of 32 bytes',
    actual: typeof keyId === 'string' ? shortText(keyId) : typeof keyId,
  });
}
