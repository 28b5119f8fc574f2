import { equalBytes, sha256OfText } from '../encoding/bytes.js';
import { AppAttestError, shortHex, shortText } from '../errors.js';
import { BoundedMemo } from '../runtime/bounded-memo.js';

/**
 * A cache of RP ID hashes, by App ID. A server accepts the same few apps in each call, so their hashes are computed only
 * once.
 */
const rpIdHashes = new BoundedMemo<Uint8Array>(16);

/** The RP ID hash of authenticator data: SHA-256 of the App ID. */
function rpIdHashOf(appId: string): Uint8Array {
  const known = rpIdHashes.get(appId);
  if (known) return known;
  const rpIdHash = sha256OfText(appId);
  rpIdHashes.set(appId, rpIdHash);
  return rpIdHash;
}

/**
 * Finds the accepted App ID that has this RP ID hash. Apple: Validating apps that connect to your server, attestation step 6
 * and assertion step 4.
 *
 * @param rpIdHash The RP ID hash in authenticator data
 * @param certified The App ID in the certificate, for the error message. The hash alone does not show the App ID
 * @returns the accepted App ID
 * @throws AppAttestError `app_id_mismatch`
 */
export function assertAppId(rpIdHash: Uint8Array, appIds: readonly string[], certified?: string): string {
  const appId = appIds.find((candidate) => equalBytes(rpIdHashOf(candidate), rpIdHash));
  if (appId !== undefined) return appId;
  throw new AppAttestError('app_id_mismatch', 'the evidence belongs to another app', {
    expected: appIds.map((candidate) => `${candidate} = ${shortHex(rpIdHashOf(candidate))}`).join(' or '),
    actual: nameOf(rpIdHash, certified),
  });
}

function nameOf(rpIdHash: Uint8Array, certified: string | undefined): string {
  if (certified === undefined) return shortHex(rpIdHash);
  if (equalBytes(sha256OfText(certified), rpIdHash)) return `${shortText(certified)} = ${shortHex(rpIdHash)}`;
  return `${shortHex(rpIdHash)} in a certificate for ${shortText(certified)}`;
}
