import { BoundedMemo } from './bounded-memo.js';
import { equalBytes, sha256OfText } from './bytes.js';
import { AppAttestError, shortHex, shortText } from './errors.js';
import { type KnownOptions, readKnownOptions } from './options/known-options.js';

/**
 * Names one app: `'TEAMID1234.com.example.app'`, or its two parts. The prefix, ten characters A-Z and 0-9, is the App ID
 * prefix of the developer account, for nearly all apps the team identifier. The evidence of an App Clip carries the App ID
 * of its full app.
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
  return named.map(readAppId);
}

/** Letters, digits, hyphens and dots, says Apple of bundle identifiers; in its own sample there are underscores. */
const APP_ID = /^[A-Z0-9]{10}(?:\.[A-Za-z0-9_-]+)+$/;
const TEAM_ID = /^[A-Z0-9]{10}$/;

/** Whether text has the form of an App ID. */
export function isAppId(text: string): boolean {
  return APP_ID.test(text);
}

/**
 * One App ID as text.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readAppId(appId: unknown): string {
  if (typeof appId === 'string') return checkAppId(appId, appId.split('.', 1)[0] ?? '');
  if (typeof appId !== 'object' || appId === null) throw invalid(`appId must be ${FORM} or { teamId, bundleId }`);
  const { teamId, bundleId }: { teamId?: unknown; bundleId?: unknown } = readKnownOptions('appId', appId, KNOWN_PARTS);
  if (typeof teamId === 'string' && typeof bundleId === 'string') return checkAppId(`${teamId}.${bundleId}`, teamId);
  throw invalid('teamId and bundleId of appId must be text');
}

const FORM = 'ten characters A-Z and 0-9, a dot and the bundle identifier, such as "TEAMID1234.com.example.app"';

const KNOWN_PARTS: KnownOptions<{ teamId: string; bundleId: string }> = {
  teamId: 'never undefined',
  bundleId: 'never undefined',
};

function checkAppId(appId: string, teamId: string): string {
  if (isAppId(appId) && TEAM_ID.test(teamId)) return appId;
  const wrong = TEAM_ID.test(teamId)
    ? 'no bundle identifier follows the team ID'
    : `${shortText(teamId)} is no team ID`;
  const hint =
    teamId === 'undefined' || teamId === 'null' || teamId === '' ? ' (is the variable that holds it set?)' : '';
  throw invalid(`appId ${shortText(appId)} must be ${FORM}: ${wrong}${hint}`);
}

function invalid(message: string): AppAttestError {
  return new AppAttestError('invalid_argument', message);
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
 * @param certified The App ID that the certificate names, for the message: an RP ID hash says nothing to a reader
 * @returns the one of the App IDs that the RP ID hash belongs to
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
