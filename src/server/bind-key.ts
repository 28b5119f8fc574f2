import { AppAttestError } from '../errors.js';
import { findKey, storedKeyId, unknownKey } from './find-key.js';
import type { KeyStore } from './key-store.js';
import { requireSubject } from './subject.js';

/** Sets the user of a key without a user. If several users bind the key at the same time, the store accepts one of them. */
export async function bindKey(keys: KeyStore, keyId: string, user: string): Promise<void> {
  const subject = requireSubject(user);
  const stored = storedKeyId(keyId);
  if (stored === undefined) throw unknownKey(keyId);
  if ((await keys.bind(stored, subject)) === true) return;

  const key = await findKey(keys, stored);
  if (!key) throw unknownKey(keyId);
  if (key.revokedAt) throw new AppAttestError('key_revoked', 'the key was revoked');
  throw new AppAttestError('key_already_registered', 'the key is registered for another user');
}
