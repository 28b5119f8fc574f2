import { type VerifiedAssertion, verifyAssertion } from '../assertion/verify-assertion.js';
import { AppAttestError } from '../errors.js';
import { assertStillAccepted } from './accepted-key.js';
import type { Configuration } from './app-attest-options.js';
import type { AssertedRequest } from './asserted-request.js';
import { assertAssertionEnd } from './client-data-end.js';
import { hashClientData } from './client-data-form.js';
import { assertExtensionsContinue } from './extension-continuity.js';
import type { PublicKeyCache } from './public-key-cache.js';
import type { StoredKey } from './stored-key.js';

/**
 * Checks that a key may sign requests of this user.
 *
 * @throws AppAttestError `key_revoked`, `key_unknown`, `app_id_mismatch`, `environment_mismatch`
 */
export function assertKeyUsable(key: StoredKey, subject: string | undefined, configuration: Configuration): void {
  if (key.revokedAt) throw new AppAttestError('key_revoked', 'the key was revoked');
  if (subject !== undefined && key.subject !== subject) {
    throw new AppAttestError('key_unknown', 'the key is not registered for this user');
  }
  assertStillAccepted(key, configuration);
}

/**
 * Checks that a key signed exactly this payload. Uses no store.
 *
 * @param floor The signed counter must be greater
 * @throws AppAttestError as {@link verifyAssertion}, and `extension_missing`
 */
export async function verifyWithKey(
  { policy, clientData }: Configuration,
  publicKeys: PublicKeyCache,
  { payload, token }: AssertedRequest,
  key: StoredKey,
  floor: number,
): Promise<VerifiedAssertion> {
  assertAssertionEnd(clientData, token);
  const verified = await verifyAssertion({
    assertion: token,
    publicKey: publicKeys.get(key.publicKey),
    clientDataHash: hashClientData(clientData, payload),
    appId: key.appId,
    counter: floor,
    ...(policy && { policy }),
  });
  assertExtensionsContinue(key.extensions, verified.extensions, policy);
  return verified;
}
