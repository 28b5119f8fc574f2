import { equalBytes, sha256OfText } from './bytes.js';
import { AppAttestError, shortHex } from './errors.js';

/**
 * Names one app: `'TEAMID1234.com.example.app'`, or its two parts. The prefix is the App ID prefix of the developer
 * account, for nearly all apps the team identifier. An App Clip has an App ID of its own.
 */
export type AppId = string | { readonly teamId: string; readonly bundleId: string };

/** An App ID and what evidence carries in its place. */
export interface ExpectedApp {
  readonly appId: string;
  /** SHA-256(App ID), the RP ID hash of authenticator data. */
  readonly rpIdHash: Uint8Array;
}

/**
 * The apps that a server accepts.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readAppIds(appId: unknown): readonly ExpectedApp[] {
  const named: readonly unknown[] = Array.isArray(appId) ? [...appId] : [appId];
  if (named.length === 0) throw new AppAttestError('invalid_argument', 'appId must name at least one app');
  return named.map((name) => {
    const text = appIdText(name);
    return {
      appId: text,
      // When it is compared: not while the caller hands over one attestation after another.
      get rpIdHash() {
        return sha256OfText(text);
      },
    };
  });
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

/**
 * Apple: Validating apps …, attestation step 6 and assertion step 4.
 *
 * @returns the one of the apps that the RP ID hash belongs to
 * @throws AppAttestError `app_id_mismatch`
 */
export function assertAppId(rpIdHash: Uint8Array, apps: readonly ExpectedApp[]): string {
  const app = apps.find((candidate) => equalBytes(candidate.rpIdHash, rpIdHash));
  if (app) return app.appId;
  throw new AppAttestError('app_id_mismatch', 'the evidence belongs to another app', {
    expected: apps.map((candidate) => `${candidate.appId} = ${shortHex(candidate.rpIdHash)}`).join(' or '),
    actual: shortHex(rpIdHash),
  });
}
