import { BoundedMemo } from './bounded-memo.js';
import { equalBytes, sha256OfText } from './bytes.js';
import { AppAttestError, shortHex } from './errors.js';

/**
 * Names one app: `'TEAMID1234.com.example.app'`, or its two parts. The prefix is the App ID prefix of the developer
 * account, for nearly all apps the team identifier. An App Clip has an App ID of its own.
 */
export type AppId = string | { readonly teamId: string; readonly bundleId: string };

/**
 * The App IDs that a server accepts, as text.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readAppIds(appId: unknown): readonly string[] {
  const named: readonly unknown[] = Array.isArray(appId) ? [...appId] : [appId];
  if (named.length === 0) throw new AppAttestError('invalid_argument', 'appId must name at least one app');
  return named.map(appIdText);
}

function appIdText(appId: unknown): string {
  if (typeof appId === 'string') {
    if (/^[^.\s]+\.[^\s]+$/.test(appId)) return appId;
  } else if (typeof appId === 'object' && appId !== null && 'teamId' in appId && 'bundleId' in appId) {
    const { teamId, bundleId } = appId;
    const isName = (part: unknown): part is string => typeof part === 'string' && /^\S+$/.test(part);
    if (isName(teamId) && isName(bundleId) && !teamId.includes('.')) return `${teamId}.${bundleId}`;
  }
  throw new AppAttestError('invalid_argument', "appId must be 'TEAMID.bundle.identifier' or { teamId, bundleId }");
}

/** A server names the same few apps each time. */
const rpIdHashes = new BoundedMemo<Uint8Array>(16);

/** SHA-256(App ID), the RP ID hash of authenticator data. */
function rpIdHashOf(appId: string): Uint8Array {
  const known = rpIdHashes.get(appId);
  if (known) return known;
  const rpIdHash = sha256OfText(appId);
  rpIdHashes.set(appId, rpIdHash);
  return rpIdHash;
}

/**
 * Apple: Validating apps …, attestation step 6 and assertion step 4.
 *
 * @param rpIdHash From authenticator data
 * @returns the one of the App IDs that the RP ID hash belongs to
 * @throws AppAttestError `app_id_mismatch`
 */
export function assertAppId(rpIdHash: Uint8Array, appIds: readonly string[]): string {
  const appId = appIds.find((candidate) => equalBytes(rpIdHashOf(candidate), rpIdHash));
  if (appId !== undefined) return appId;
  throw new AppAttestError('app_id_mismatch', 'the evidence belongs to another app', {
    expected: appIds.map((candidate) => `${candidate} = ${shortHex(rpIdHashOf(candidate))}`).join(' or '),
    actual: shortHex(rpIdHash),
  });
}
